"""Many rows in one statement: every type comes back as it went, and only what changed is said to be written."""

import json
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.store.customers import consents, customers, events
from engine.store.many import among, write
from tests.store.rows import one

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))
INSTANTS = st.datetimes(timezones=st.just(UTC)).filter(lambda instant: 1900 < instant.year < 2200)
JSON = st.dictionaries(TEXT, TEXT | st.booleans() | st.integers(-(2**53), 2**53) | st.none(), max_size=3)
ONCE = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@ONCE
@given(email=st.none() | TEXT, born=st.none() | st.dates(date(1900, 1, 1)), at=INSTANTS, spend=st.integers(0, 2**62))
def test_columns_of_every_type(
    store: sa.Engine, email: str | None, born: date | None, at: datetime, spend: int
) -> None:
    row = {"id": "a", "email": email, "birthday": born, "created_at": at, "lifetime_spend": spend, "position": 1}
    with store.begin() as connection:
        write(connection, customers, [row], ["email", "birthday", "created_at", "lifetime_spend"])
        assert write(connection, customers, [row], ["email", "birthday", "created_at", "lifetime_spend"]) == set()
    found = one(store, customers, id="a")._mapping
    assert {name: found[name] for name in row} == row


@ONCE
@given(payload=JSON)
def test_documents(store: sa.Engine, payload: dict[str, Any]) -> None:
    row = {"id": json.dumps(payload), "name": "x", "customer_id": "a", "payload": payload, "position": 1}
    with store.begin() as connection:
        instant = datetime(2026, 3, 1, tzinfo=UTC)
        write(connection, customers, [{"id": "a", "created_at": instant, "position": 1}])
        write(connection, events, [{**row, "occurred_at": instant}])
    assert one(store, events, id=row["id"]).payload == payload


def test_only_what_changes_is_written(store: sa.Engine, now: datetime) -> None:
    rows = [{"id": key, "tier": "gold", "created_at": now, "position": 1} for key in "abc"]
    with store.begin() as connection:
        assert write(connection, customers, rows, ["tier"]) == {"a", "b", "c"}
        rows[1] = {**rows[1], "tier": "silver", "position": 2}
        rows[2] = {**rows[2], "position": 2}
        assert write(connection, customers, rows, ["tier"], also=["position"]) == {"b"}
        assert write(connection, customers, rows) == set()
        assert write(connection, customers, []) == set()
    assert [one(store, customers, id=key).position for key in "abc"] == [1, 2, 1]


def test_a_further_condition_and_a_key_of_several_columns(store: sa.Engine, now: datetime) -> None:
    row = {"customer_id": "a", "channel": "email", "topic": "*", "given": True, "at": now, "how": "form"}
    with store.begin() as connection:
        assert write(connection, consents, [row], ["given"]) == {("a", "email", "*")}
        refused = {**row, "given": False}
        assert write(connection, consents, [refused], ["given"], only_if=lambda old, new: new.at > old.at) == set()
    assert one(store, consents, customer_id="a").given


def test_among_many_texts(store: sa.Engine, now: datetime) -> None:
    keys = ["a'b", 'c"d', "ü", "[1]"]
    with store.begin() as connection:
        write(connection, customers, [{"id": key, "created_at": now, "position": 1} for key in keys])
        wanted = among(connection, customers.c.id, [*keys[1:], "other", "ü"])
        assert set(connection.scalars(sa.select(customers.c.id).where(wanted))) == set(keys[1:])
