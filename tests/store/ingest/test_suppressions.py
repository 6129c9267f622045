"""Suppressions: one for an address, however it is written, and a person may lift it."""

from datetime import datetime

import sqlalchemy as sa

from engine.store.customers import suppressions
from engine.store.ingest import lift_suppression, put_suppressions
from engine.store.ingest.suppressions import strays


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


def test_what_no_message_goes_to_is_refused(store: sa.Engine, now: datetime) -> None:
    rows = [
        {"address": "bob@bücher.de", "reason": "x"},
        {"address": "Eve <eve@example.com>", "reason": "x"},
        {"address": "0151 23456789", "channel": "sms", "reason": "x"},
        {"address": " ", "channel": "chat", "reason": "x"},
        {"address": "+49 151 23456789", "channel": "sms", "reason": "x"},
    ]
    with store.begin() as connection:
        done = put_suppressions(connection, rows, now)
        kept = set(connection.scalars(sa.select(suppressions.c.address)))
    assert (done.new, [(one.index, one.column) for one in done.rejected]) == (
        2,
        [(1, "address"), (2, "address"), (3, "address")],
    )
    assert kept == {"bob@xn--bcher-kva.de", "+4915123456789"}


def test_what_older_versions_took_in_vain_is_counted_and_can_be_taken_out(store: sa.Engine, now: datetime) -> None:
    vain = [("email", "bob@bücher.de"), ("email", "not an address at all"), ("sms", "0151 23456789")]
    good = [
        ("email", "bob@example.com"),
        ("sms", "+4915123456789"),
        ("chat", "mei"),
        ("email", f"erased:{1:08}:{2:064}"),
    ]
    rows = [{"channel": channel, "address": text, "reason": "x", "at": now} for channel, text in (*vain, *good)]
    with store.begin() as connection:
        connection.execute(sa.insert(suppressions), rows)
        assert strays(connection, "+49") == 3
        assert all(lift_suppression(connection, channel, text) for channel, text in vain)
        assert strays(connection, "+49") == 0
