"""Events happen once, whatever is sent again; some of them do something, in the same transaction."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.store.customers import customers, events, orders, vouchers
from engine.store.ingest import Written, put_events, record_event
from tests.store.rows import add_customers, everything, one

HOUR = timedelta(hours=1)


def event(key: str, name: str, customer: str, at: datetime, **payload: Any) -> dict[str, Any]:
    return {"id": key, "name": name, "customer_id": customer, "occurred_at": at, "payload": payload}


def put(store: sa.Engine, now: datetime, *rows: dict[str, Any]) -> Written:
    with store.begin() as connection:
        return put_events(connection, rows, now)


@pytest.fixture
def shop(store: sa.Engine, now: datetime) -> sa.Engine:
    add_customers(store, now, "mei", "ana")
    voucher = {"kind": "30-off", "code": "ABC", "customer_id": "mei", "state": "issued", "issued_at": now}
    with store.begin() as connection:
        connection.execute(sa.insert(vouchers), voucher)
    return store


def test_an_event_is_stored_once(shop: sa.Engine, now: datetime) -> None:
    row = event("e1", "cart.updated", "mei", now, items_count=2, note="für Mei", price=12.5, gift=True)
    done = put(shop, now, row)
    before = everything(shop)
    again = put(shop, now + HOUR, row, row)
    assert (done.new, again.unchanged) == (1, 2)
    assert everything(shop) == before
    found = one(shop, events, id="e1")
    assert (found.payload, found.occurred_at, found.name) == (row["payload"], now, "cart.updated")


def test_the_same_id_with_other_values_is_rejected_and_the_first_stays(shop: sa.Engine, now: datetime) -> None:
    put(shop, now, event("e1", "cart.updated", "mei", now, items_count=2))
    done = put(shop, now, event("e1", "cart.updated", "mei", now, items_count=3))
    assert [(bad.index, bad.column) for bad in done.rejected] == [(0, "id")]
    assert one(shop, events, id="e1").payload == {"items_count": 2}


def test_unknown_customers_and_the_future_are_rejected(shop: sa.Engine, now: datetime) -> None:
    done = put(shop, now, event("1", "login", "nobody", now), event("2", "login", "mei", now + 30 * HOUR))
    assert sorted((bad.index, bad.column) for bad in done.rejected) == [(0, "customer"), (1, "occurred_at")]
    assert not done.touched


def test_a_paid_order_becomes_an_order(shop: sa.Engine, now: datetime) -> None:
    row = event("e1", "order.paid", "mei", now, total=32000)
    done = put(shop, now, row)
    again = put(shop, now, row)
    assert (done.new, again.unchanged) == (1, 1)
    found = one(shop, orders, id="e1")
    assert (found.placed_at, found.paid_at, found.total) == (now, now, 32000)
    assert one(shop, customers, id="mei").lifetime_spend == 32000
    assert everything(shop)["events"] == []


def test_an_order_is_placed_and_then_paid(shop: sa.Engine, now: datetime) -> None:
    placed = event("e1", "order.placed", "mei", now - HOUR, total=500, order_id="o1")
    paid = event("e2", "order.paid", "mei", now, total=450, order_id="o1")
    for rows in ([placed, paid], [paid], [placed]):
        put(shop, now, *rows)
        found = one(shop, orders, id="o1")
        assert (found.placed_at, found.paid_at, found.total) == (now - HOUR, now, 450)
    assert one(shop, customers, id="mei").orders_count == 1


@pytest.mark.parametrize(
    ("customer", "payload", "column"),
    [
        ("mei", {}, "total"),
        ("mei", {"total": "12"}, "total"),
        ("mei", {"total": 12, "coupon": "X"}, "coupon"),
        ("ana", {"total": 12, "order_id": "o1"}, "order_id"),
    ],
)
def test_an_order_that_cannot_be_one_is_rejected(
    shop: sa.Engine, now: datetime, customer: str, payload: dict[str, Any], column: str
) -> None:
    put(shop, now, event("e0", "order.paid", "mei", now, total=500, order_id="o1"))
    done = put(shop, now, event("e1", "order.paid", customer, now, **payload))
    assert [bad.column for bad in done.rejected] == [column]


@pytest.mark.parametrize("member", ["code", "voucher"])
def test_a_voucher_is_redeemed_once_at_the_time_of_the_event(shop: sa.Engine, now: datetime, member: str) -> None:
    put(shop, now, event("e1", "voucher.redeemed", "mei", now - HOUR, **{member: "ABC"}))
    put(shop, now, event("e2", "voucher.redeemed", "mei", now, **{member: "ABC"}))
    found = one(shop, vouchers, code="ABC")
    assert (found.state, found.redeemed_at) == ("redeemed", now - HOUR)


def test_a_code_that_no_voucher_has_is_rejected(shop: sa.Engine, now: datetime) -> None:
    rows = [event("1", "voucher.redeemed", "mei", now, code="XYZ"), event("2", "voucher.redeemed", "mei", now)]
    done = put(shop, now, *rows)
    assert [(bad.index, bad.column) for bad in done.rejected] == [(0, "code"), (1, "code")]


def test_complaints_are_counted_and_never_below_none(shop: sa.Engine, now: datetime) -> None:
    opened = [event(str(n), "complaint.opened", "mei", now) for n in range(2)]
    put(shop, now, *opened)
    put(shop, now, *opened)
    assert one(shop, customers, id="mei").open_complaints == 2
    position = one(shop, customers, id="mei").position
    put(shop, now, *(event(f"c{n}", "complaint.closed", "mei", now) for n in range(3)))
    assert one(shop, customers, id="mei").open_complaints == 0
    assert one(shop, customers, id="mei").position > position
    assert one(shop, customers, id="ana").open_complaints == 0


def test_one_event_is_recorded(shop: sa.Engine, now: datetime) -> None:
    with shop.begin() as connection:
        done = record_event(connection, "newsletter.opened", "mei", now, {}, "e1", now)
    assert done.new == 1
    assert one(shop, events, id="e1").position > 0


def test_more_rows_than_one_statement_takes(shop: sa.Engine, now: datetime) -> None:
    rows = [event(str(n), "login", "mei" if n % 5003 else "nobody", now) for n in range(1, 10_010)]
    done = put(shop, now, *rows)
    assert (done.new, [bad.index for bad in done.rejected]) == (10_007, [5002, 10_005])
