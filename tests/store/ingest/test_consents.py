"""Answers with their evidence: the newest holds, all stay on record, and no import brings back what was withdrawn."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.store.customers import consent_log, consents
from engine.store.ingest import put_consents, put_customers, put_events
from engine.store.ingest.written import Written
from tests.store.rows import everything

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def mei(store: sa.Engine, now: datetime) -> None:
    with store.begin() as connection:
        put_customers(connection, [{"id": "mei"}], now - 9 * DAY)


def said(at: datetime, given: bool, how: str = "form", **more: Any) -> dict[str, Any]:
    row = {"customer_id": "mei", "channel": "email", "topic": "offers", "at": at, "given": given, "how": how}
    return {**row, "source": "https://shop.example/form", **more}


def put(store: sa.Engine, now: datetime, *rows: dict[str, Any]) -> Written:
    with store.begin() as connection:
        return put_consents(connection, rows, now)


def holds(store: sa.Engine) -> list[tuple[Any, ...]]:
    columns = (consents.c.topic, consents.c.given, consents.c.how, consents.c.source)
    with store.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(consents.c.topic))]


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


def test_an_event_is_an_answer_with_its_evidence(store: sa.Engine, now: datetime) -> None:
    def event(key: str, name: str, at: datetime, **payload: Any) -> dict[str, Any]:
        return {"id": key, "name": name, "customer_id": "mei", "occurred_at": at, "payload": payload}

    rows = [
        event("e1", "consent.given", now - DAY, channel="email", topic="offers", how="checkout", source="203.0.113.7"),
        event("e2", "consent.withdrawn", now, channel="email", topic="offers"),
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
