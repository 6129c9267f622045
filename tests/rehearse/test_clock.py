"""The virtual clock by itself, as a replay of a history uses it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.channels import Record
from engine.rehearse.clock import EngineFault, Rehearsal
from engine.rehearse.stage import Codes
from engine.store.ingest import put_customers, record_event
from engine.tick import Ticked
from tests.rehearse.shop import shop


def rehearsal(store: sa.Engine, now: datetime) -> Rehearsal:
    with store.begin() as connection:
        put_customers(connection, [{"id": "mei", "email": "mei@example.com", "email_consent": True}], now)
    return Rehearsal(shop(), store, Record(), now, new_code=Codes(), checked=True)


def test_the_clock_stops_wherever_something_is_due(store: sa.Engine, now: datetime) -> None:
    played = rehearsal(store, now)
    list(played.tick())
    with store.begin() as connection:
        record_event(connection, "order.paid", "mei", now, {"total": 32000}, "e1", now)
    busy = [played.now for ticked in played.advance_to(now + timedelta(days=60)) if not ticked.idle]
    assert isinstance(played.channel, Record)
    assert len(played.channel.letters) == 2
    assert f"{busy[-1]:%Y-%m-%d %H:%M}" == "2026-03-24 09:00"  # ten o'clock in Berlin
    assert played.now == now + timedelta(days=60)


def test_an_engine_that_repeats_itself_is_found_out(sqlite_store: sa.Engine, now: datetime) -> None:
    played = rehearsal(sqlite_store, now)
    restless: Any = lambda _now: Ticked(advanced=1)  # noqa: E731
    played._tick = restless
    with pytest.raises(EngineFault, match="the same tick again did something"):
        list(played.tick())
