"""What the daemon does with a changed workspace that it cannot take in at once."""

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.channels import Record
from engine.daemon import Daemon
from engine.shop import Shop
from engine.store.ingest import put_customers, record_event

SETTINGS = "brand: {name: Fine Shop, address: 1 High Street}\ntimezone: UTC\n"
PLAYBOOK = "playbook: thanks\ntitle: Thanks\nowner: a@b.example\nwhen: {event: order.paid}\n"
OLD = f"{PLAYBOOK}do:\n  - wait: 1 hour\n    id: here\n  - tag: seen\n"
NEW = f"{PLAYBOOK}in_flight: move\ndo:\n  - tag: other\n"


class _Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> _Clock:
    return _Clock(now)


@pytest.fixture
def daemon(store: sa.Engine, tmp_path: Path, clock: _Clock) -> Daemon:
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings/regulars.yaml").write_text(SETTINGS)
    (tmp_path / "thanks.yaml").write_text(OLD)
    made = Daemon(
        tmp_path, store, Record(), ["a secret of many letters"], now=clock, elapsed=lambda: clock.now.timestamp()
    )
    made.refresh()
    made._once()
    return made


def _change(daemon: Daemon) -> None:
    (daemon.root / "thanks.yaml").write_text(NEW)
    daemon.refresh()  # it may still be written


def _steps(daemon: Daemon) -> list[str]:
    assert daemon._workspace is not None
    return list(daemon._workspace.playbooks["thanks"].steps)


def test_a_change_that_met_a_locked_store_is_taken_in_later(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    _change(daemon)
    with monkeypatch.context() as locked:
        locked.setattr("engine.daemon.deploy", _locked)
        daemon.refresh()
    assert _steps(daemon) == ["here", "tag-seen"]
    daemon.refresh()
    assert _steps(daemon) == ["tag-other"]


def _locked(_shop: Shop, _now: datetime) -> None:
    raise sa.exc.OperationalError("BEGIN", None, sqlite3.OperationalError("database is locked"))


def test_a_version_that_would_leave_people_behind_is_taken_in_once_they_have_gone(
    daemon: Daemon, clock: _Clock
) -> None:
    with daemon.store.begin() as connection:
        put_customers(connection, [{"id": "mei", "email": "mei@example.com"}], clock.now)
        record_event(connection, "order.paid", "mei", clock.now, {"total": 1000}, "o1", clock.now)
    clock.now += timedelta(minutes=1)
    daemon._once()
    _change(daemon)
    daemon.refresh()
    assert _steps(daemon) == ["here", "tag-seen"]
    clock.now += timedelta(hours=2)
    daemon._once()
    daemon.refresh()
    assert _steps(daemon) == ["tag-other"]
