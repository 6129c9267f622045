"""Holds: one for each cause, told with what to type, and let go by a person."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.store.brakes import EVERYTHING, held, hold_playbook, holds, holds_on, release_playbook

A_DAY = timedelta(days=1)


def test_a_cause_holds_once_however_often_it_is_found(store: sa.Engine, now: datetime) -> None:
    with store.begin() as connection:
        assert hold_playbook(connection, "p", "all", "the pool `gift` is empty", now)
        assert not hold_playbook(connection, "p", "all", "the pool `gift` is empty", now + A_DAY)
        assert hold_playbook(connection, "p", "sends", "4 of 50 bounced", now + A_DAY, cause="bounces")
        assert not hold_playbook(connection, "p", "sends", "9 of 60 bounced", now + A_DAY, cause="bounces")
        assert [(one.reason, one.since) for one in held(connection)] == [
            ("the pool `gift` is empty", now),
            ("4 of 50 bounced", now + A_DAY),
        ]


def test_a_release_lets_go_what_held_it_and_keeps_the_record(store: sa.Engine, now: datetime) -> None:
    with store.begin() as connection:
        for cause in ("backlog", "bounces"):
            hold_playbook(connection, "p", "entries", cause, now)
        hold_playbook(connection, "q", "all", "by hand", now)
        assert [one.cause for one in release_playbook(connection, "p", now, "anna", cause="backlog")] == ["backlog"]
        assert [one.cause for one in release_playbook(connection, "p", now)] == ["bounces"]
        assert release_playbook(connection, "p", now) == []
        assert [one.playbook for one in held(connection)] == ["q"]
        assert hold_playbook(connection, "p", "entries", "backlog", now)
        record = sa.select(holds.c.cause, holds.c.released_by).order_by(holds.c.id)
        assert [tuple(row) for row in connection.execute(record)] == [
            ("backlog", "anna"), ("bounces", None), ("by hand", None), ("backlog", None),
        ]  # fmt: skip


@pytest.mark.parametrize(("what", "entries", "sends"), [("entries", 1, 0), ("sends", 0, 1), ("all", 1, 1)])
def test_each_pass_asks_for_its_own(store: sa.Engine, now: datetime, what: str, entries: int, sends: int) -> None:
    with store.begin() as connection:
        hold_playbook(connection, EVERYTHING, what, "x", now)  # type: ignore[arg-type]
        assert len(holds_on(connection, "entries")) == entries
        assert len(holds_on(connection, "sends")) == sends
        assert held(connection)[0].release == "regulars release --all"
