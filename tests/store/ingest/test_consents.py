"""Answers with their evidence: the newest holds, all stay on record, and no import brings back what was withdrawn."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from engine.guards import holding
from engine.store.customers import consent_log, consents
from engine.store.ingest import put_consents, put_customers, put_events
from engine.store.ingest.consents import Evidence, answer_now
from engine.store.ingest.written import Written
from tests.store.rows import everything

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def mei(store: sa.Engine, now: datetime) -> None:
    with store.begin() as connection:
        put_customers(connection, [{"id": "mei"}], now - 9 * DAY)


def said(at: datetime, given: bool, how: str = "form", **more: Any) -> dict[str, Any]:
    row = {"customer_id": "mei", "channel": "email", "topic": "offers", "at": at, "given": given, "how": how}
    return {**row, "source": "https://shop.example/form", **more}


def event(key: str, name: str, at: datetime, **payload: Any) -> dict[str, Any]:
    row = {"id": key, "name": name, "customer_id": "mei", "occurred_at": at}
    return {**row, "payload": {"channel": "email", **payload}}


def put(store: sa.Engine, now: datetime, *rows: dict[str, Any]) -> Written:
    with store.begin() as connection:
        return put_consents(connection, rows, now)


def holds(store: sa.Engine) -> list[tuple[Any, ...]]:
    columns = (consents.c.topic, consents.c.given, consents.c.how, consents.c.source)
    with store.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(consents.c.topic))]


def gets(store: sa.Engine) -> dict[str, bool]:
    """What the last look makes of the answers, by topic."""
    columns = (consents.c.topic, consents.c.given, consents.c.at)
    with store.connect() as connection:
        return dict(holding([(topic, given, at) for topic, given, at in connection.execute(sa.select(*columns))]))


def logged(store: sa.Engine) -> list[bool]:
    with store.connect() as connection:
        return list(connection.scalars(sa.select(consent_log.c.given).order_by(consent_log.c.at, consent_log.c.given)))


def test_the_same_again_changes_nothing(store: sa.Engine, now: datetime) -> None:
    rows = [said(now - DAY, given=True), said(now, given=False), said(now, given=True, topic="news")]
    first = put(store, now, *rows)
    before = everything(store)
    again = put(store, now + DAY, *rows)
    assert (first.new, first.changed, again.new, again.changed, again.unchanged) == (2, 0, 0, 0, 2)
    assert everything(store) == before
    assert [row[:2] for row in holds(store)] == [("news", True), ("offers", False)]
    assert logged(store) == [True, False, True]


def test_older_evidence_brings_nothing_back_but_stays_on_record(store: sa.Engine, now: datetime) -> None:
    put(store, now, said(now - DAY, given=False, how="unsubscribe link", source="203.0.113.7"))
    done = put(store, now, said(now - 2 * DAY, given=True, how="import"))
    assert holds(store) == [("offers", False, "unsubscribe link", "203.0.113.7")]
    assert logged(store) == [True, False]
    assert sum(done.warnings.values()) == 1
    put(store, now, said(now, given=True, how="form"))
    assert holds(store)[0][1:3] == (True, "form")


def test_of_two_answers_at_one_instant_the_withdrawal_holds(store: sa.Engine, now: datetime) -> None:
    put(store, now, said(now, given=False), said(now, given=True))
    assert holds(store)[0][1] is False
    put(store, now, said(now, given=True))
    assert holds(store)[0][1] is False


def test_an_unknown_customer_and_the_future_are_refused(store: sa.Engine, now: datetime) -> None:
    done = put(store, now, said(now, given=True, customer_id="nobody"), said(now + 9 * DAY, given=True))
    assert sorted(one.index for one in done.rejected) == [0, 1]
    assert holds(store) == []


@pytest.mark.parametrize("way", ["consent", "stop", "event", "row"])
def test_what_is_withdrawn_now_ends_a_consent_that_a_clock_ahead_of_ours_dated(
    store: sa.Engine, now: datetime, way: str
) -> None:
    yes = [said(now + 5 * HOUR, given=True), said(now + 5 * HOUR, given=True, topic="*")]
    put(store, now, *yes)
    no = now + MINUTE
    ways: dict[str, Any] = {
        "consent": (put_consents, said(no, given=False, topic="*")),
        "stop": (put_events, event("e1", "message.stopped", no)),
        "event": (put_events, event("e1", "consent.withdrawn", no)),
        "row": (put_customers, {"id": "mei", "email_consent": False}),
    }
    write, row = ways[way]
    with store.begin() as connection:
        assert not write(connection, [row], no).rejected
    assert gets(store) == {"*": False, "offers": False}
    again = put(store, now + 9 * HOUR, *yes)  # the same file once more, when its time has come
    assert (again.unchanged, gets(store)) == (2, {"*": False, "offers": False})
    put(store, now + 9 * HOUR, said(now + 8 * HOUR, given=True))
    assert gets(store) == {"*": False, "offers": True}


def test_an_old_withdrawal_that_is_told_late_ends_no_consent_that_was_given_since(
    store: sa.Engine, now: datetime
) -> None:
    put(store, now, said(now + 5 * HOUR, given=True), said(now - HOUR, given=True, topic="news"))
    put(store, now + MINUTE, said(now - 2 * HOUR, given=False, topic="*"))
    assert gets(store) == {"*": False, "news": True, "offers": True}


def test_a_withdrawal_of_a_clock_ahead_of_ours_stands_in_no_later_answers_way(store: sa.Engine, now: datetime) -> None:
    put(store, now, said(now + 5 * HOUR, given=False))
    put(store, now + HOUR, said(now + HOUR, given=True))
    assert gets(store) == {"offers": True}


def test_the_order_of_answers_does_not_matter(store: sa.Engine, now: datetime) -> None:
    rows = [
        said(now + 5 * HOUR, given=True),
        said(now + 3 * HOUR, given=False),
        said(now - HOUR, given=True, topic="*"),
        said(now - DAY, given=False, topic="*"),
    ]
    seen = set()
    for order in permutations(rows):
        with store.begin() as connection:
            connection.execute(sa.delete(consents))
            connection.execute(sa.delete(consent_log))
        for row in order:
            put(store, now, row)
        seen.add(tuple(sorted(gets(store).items())))
    assert seen == {(("*", True), ("offers", False))}


def test_what_somebody_says_to_us_now_holds_whatever_stands(store: sa.Engine, now: datetime) -> None:
    row = {"customer_id": "mei", "channel": "email", "topic": "offers", "given": True, "at": now + DAY, "how": "x"}
    with store.begin() as connection:
        connection.execute(sa.insert(consents).values(row))  # of a machine whose clock was ahead
        last = answer_now(connection, "mei", {"email": [("*", False), ("news", True)]}, Evidence("page", now, None))
    assert gets(store) == {"*": False, "news": True, "offers": False}
    assert last == {"email": now + DAY + timedelta(microseconds=2)}
    with store.connect() as connection:
        assert set(connection.scalars(sa.select(consent_log.c.recorded_at))) == {now}


def test_an_event_is_an_answer_with_its_evidence(store: sa.Engine, now: datetime) -> None:
    rows = [
        event("e1", "consent.given", now - DAY, topic="offers", how="checkout", source="203.0.113.7"),
        event("e2", "consent.withdrawn", now, topic="offers"),
        event("e3", "consent.given", now, channel="pigeon"),
    ]
    for _ in range(2):
        with store.begin() as connection:
            done = put_events(connection, rows, now)
    assert [one.reason for one in done.rejected] == ["`consent.given` needs `channel`: email, sms, chat"]
    assert holds(store) == [("offers", False, "event", "e2")]
    assert logged(store) == [True, False]


def test_the_consent_of_a_customers_row_is_on_record_too(store: sa.Engine, now: datetime) -> None:
    with store.begin() as connection:
        put_customers(connection, [{"id": "mei", "email_consent": True}], now)
    assert logged(store) == [True]
