"""Suppressions: one for an address, however it is written, and a person may lift it."""

from datetime import datetime

import sqlalchemy as sa

from engine.store.customers import suppressions
from engine.store.ingest import lift_suppression, put_suppressions


def test_an_address_is_suppressed_once_and_lifted_by_any_spelling(store: sa.Engine, now: datetime) -> None:
    rows = [
        {"address": "Mei@Example.com", "reason": "asked for it"},
        {"address": "+861380000", "channel": "sms", "reason": "x"},
    ]
    with store.begin() as connection:
        assert put_suppressions(connection, rows, now).new == 2
        again = put_suppressions(connection, [{"address": "mei@example.com", "reason": "other"}], now)
        assert (again.new, again.unchanged) == (0, 1)
        kept = sa.select(suppressions.c.channel, suppressions.c.address, suppressions.c.reason)
        assert ("email", "mei@example.com", "asked for it") in [tuple(row) for row in connection.execute(kept)]
        assert lift_suppression(connection, "email", "MEI@example.com")
        assert not lift_suppression(connection, "email", "mei@example.com")
