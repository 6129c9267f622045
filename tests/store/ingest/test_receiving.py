"""Any sequence of events, however often each is told and however they are grouped, leaves what each once leaves (I20)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.failpoints import Crash, armed
from engine.store.customers import suppressions
from engine.store.ingest import Told, put_customers, receive
from engine.store.sealed import CUSTOMER, SealingKey, keep_keys
from tests.store.rows import everything

_TABLES = ("customers", "events", "orders", "order_lines", "consents", "consent_log")
_RUNS = count()

#: Name, customer, minutes after noon, fields.
_EVENTS: list[tuple[str, str, int, dict[str, Any]]] = [
    ("cart.updated", "mei", -60, {"items_count": 1}),
    ("cart.updated", "mei", -60, {"items_count": 1}),
    ("order.placed", "mei", -50, {"total": 500, "order_id": "7"}),
    ("order.paid", "mei", -40, {"total": 500, "order_id": "7", "lines": [{"product": "tea", "amount": 500}]}),
    ("order.paid", "mei", -30, {"total": 700, "order_id": "7"}),
    ("order.paid", "ana", -20, {"total": 900}),
    ("order.paid", "ana", -10, {"total": 100, "order_id": "7"}),  # mei's, unless ana's comes first
    ("consent.given", "ana", -9, {"channel": "email"}),
    ("consent.withdrawn", "ana", -8, {"channel": "email"}),
    ("complaint.opened", "mei", -7, {}),
    ("complaint.closed", "mei", -6, {}),
    ("message.stopped", "mei", -5, {"channel": "sms"}),
    ("cart.updated", "nobody", -4, {}),
]


def _told(prefix: str, number: int, now: datetime) -> Told:
    name, customer, minutes, payload = _EVENTS[number]
    own = {**payload, **({"order_id": f"{prefix}-{payload['order_id']}"} if "order_id" in payload else {})}
    at = now + timedelta(minutes=minutes)
    row = {"name": name, "customer_id": f"{prefix}-{customer}", "occurred_at": at, "payload": own}
    return Told(prefix, f"e{number}", str(number), row)


def _world(store: sa.Engine, now: datetime, groups: Sequence[Sequence[int]]) -> Any:
    """What is in the store after these were told, in requests of several each, for people of their own."""
    prefix = f"run{next(_RUNS)}x"
    with store.begin() as connection:
        put_customers(connection, [{"id": f"{prefix}-mei"}, {"id": f"{prefix}-ana"}], now)
    for group in groups:
        found = receive(store, [_told(prefix, number, now) for number in group], now)
        assert len(found) == len(group)
    rows = everything(store)
    return {
        table: [_plain(row, prefix, table) for row in rows[table] if any(prefix in str(value) for value in row)]
        for table in _TABLES
    }


def _plain(row: tuple[Any, ...], prefix: str, table: str) -> str:
    """A row without what tells two runs apart, and without its position."""
    positioned = row[:-1] if table in ("customers", "events", "orders") else row
    return repr(positioned).replace(prefix, "")


_NUMBERS = st.integers(0, len(_EVENTS) - 1)


@given(st.lists(st.lists(_NUMBERS, min_size=1, max_size=8), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def _same_as_each_once(store: sa.Engine, now: datetime, groups: list[list[int]]) -> None:
    once = list(dict.fromkeys(number for group in groups for number in group))
    assert _world(store, now, groups) == _world(store, now, [[number] for number in once])


def test_repeats_and_grouping_leave_no_trace(store: sa.Engine, now: datetime) -> None:
    _same_as_each_once(store, now)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_after_a_crash_the_same_again_completes_it(store: sa.Engine, now: datetime, at: int) -> None:
    whole = [2, 3, 4, 0, 1]
    calm = _world(store, now, [whole])
    prefix = f"run{next(_RUNS)}x"
    with store.begin() as connection:
        put_customers(connection, [{"id": f"{prefix}-mei"}], now)
    told = [_told(prefix, number, now) for number in whole]
    with armed("events.committed", at), pytest.raises(Crash):
        receive(store, told, now)
    states = [one.state for one in receive(store, told, now)]
    assert sorted(set(states)) == (["duplicate", "stored"] if at < 3 else ["duplicate"])
    rows = [_plain(row, prefix, "orders") for row in everything(store)["orders"] if prefix in row[0]]
    assert rows == calm["orders"]


def test_who_was_made_for_an_event_that_was_refused_goes_again_beside_one_who_was_erased(
    store: sa.Engine, now: datetime
) -> None:
    secret = "a secret of sixteen and more letters"
    keep_keys(store, [secret])
    sealed = {
        "channel": CUSTOMER,
        "address": SealingKey.of(secret).seal(CUSTOMER, "gone"),
        "reason": "erased",
        "at": now,
    }
    with store.begin() as connection:
        connection.execute(sa.insert(suppressions).values(sealed))
    payloads: dict[str, dict[str, Any]] = {"gone": {"channel": "email"}, "new": {"channel": "pigeon"}}
    rows = [
        {"name": "consent.given", "customer_id": who, "occurred_at": now, "payload": payload}
        for who, payload in payloads.items()
    ]
    told = [Told("shop", row["customer_id"], "1", row, make_customer=True) for row in rows]
    assert [one.state for one in receive(store, told, now)] == ["refused", "refused"]
    assert everything(store)["customers"] == []
