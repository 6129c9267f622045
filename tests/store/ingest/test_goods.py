"""Products, wishes, reservations, subscriptions and what runs out: told twice they change nothing, wrong ones are refused."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.store.customers import customers
from engine.store.goods import goods_events, reservations, supplies, wishes
from engine.store.ingest import (
    Written,
    put_customers,
    put_goods_events,
    put_order_lines,
    put_orders,
    put_products,
    put_reservations,
    put_subscriptions,
    put_wishes,
    record_event,
)
from tests.store.rows import add_customers, everything, one

DAY = timedelta(days=1)


def put(store: sa.Engine, write: Any, now: datetime, *rows: dict[str, Any]) -> Written:
    with store.begin() as connection:
        written: Written = write(connection, rows, now)
        return written


def position(store: sa.Engine, customer: str) -> int:
    found: int = one(store, customers, id=customer).position
    return found


BOOKED = {"id": "r1", "customer_id": "mei", "state": "booked", "subject": "Gong Fu Cha"}
PLAN = {"id": "s1", "customer_id": "mei", "state": "active", "plan": "Tea of the month", "renews_on": date(2026, 4, 1)}
KINDS = [
    (put_products, {"id": "oolong", "title": "Oolong", "lasts_days": 30}, {"title": "Oolong, roasted"}, "oolong"),
    (put_wishes, {"customer_id": "mei", "product": "oolong"}, None, "oolong"),
    (put_reservations, {**BOOKED, "starts_at": datetime.fromisoformat("2026-04-01T12:00Z")}, {"state": "kept"}, "r1"),
    (put_subscriptions, PLAN, {"renews_on": date(2026, 5, 1)}, "s1"),
]


@pytest.mark.parametrize(("write", "row", "change", "_key"), KINDS)
def test_the_same_again_changes_nothing_and_a_change_is_one(
    store: sa.Engine, now: datetime, write: Any, row: dict[str, Any], change: dict[str, Any] | None, _key: str
) -> None:
    add_customers(store, now, "mei")
    first = put(store, write, now, row)
    before = everything(store)
    again = put(store, write, now + DAY, row)
    assert (first.new, again.unchanged, again.touched) == (1, 1, False)
    assert {**everything(store), "positions": []} == {**before, "positions": []}
    if change is not None:
        assert put(store, write, now, {**row, **change}).changed == 1


@pytest.mark.parametrize(("write", "row", "_change", "_key"), KINDS[1:])
def test_what_a_customer_holds_marks_him_as_changed(
    store: sa.Engine, now: datetime, write: Any, row: dict[str, Any], _change: Any, _key: str
) -> None:
    add_customers(store, now, "mei", "ana")
    before = position(store, "mei"), position(store, "ana")
    put(store, write, now, row)
    assert position(store, "mei") > before[0]
    assert position(store, "ana") == before[1]


@pytest.mark.parametrize(("write", "row", "_change", "_key"), KINDS[1:])
def test_unknown_customers_are_refused(
    store: sa.Engine, now: datetime, write: Any, row: dict[str, Any], _change: Any, _key: str
) -> None:
    done = put(store, write, now, {**row, "customer_id": "nobody"})
    assert [(one.column, one.reason) for one in done.rejected] == [
        ("customer", "customer `nobody` is unknown; import the customers first")
    ]


def test_a_reservation_stays_with_its_customer(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei", "ana")
    row = {**BOOKED, "starts_at": now + DAY}
    put(store, put_reservations, now, row)
    done = put(store, put_reservations, now, {**row, "customer_id": "ana"})
    assert done.rejected[0].reason == "reservation `r1` is another customer's"
    twice = put(store, put_reservations, now, row, {**row, "state": "kept"})
    assert twice.rejected[0].reason == "this reservation stands twice, with different values"
    assert one(store, reservations, id="r1").made_at == now


def test_a_wish_is_kept_from_its_first_day(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei")
    for at in (now, now + DAY):
        put(store, put_wishes, now, {"customer_id": "mei", "product": "oolong", "at": at})
    assert one(store, wishes, customer_id="mei").at == now


def test_an_event_about_a_product_is_never_changed(store: sa.Engine, now: datetime) -> None:
    row = {
        "id": "e1",
        "name": "product.back_in_stock",
        "product": "oolong",
        "occurred_at": now,
        "payload": {"price": 9},
    }
    assert put(store, put_goods_events, now, row).new == 1
    assert put(store, put_goods_events, now, row).unchanged == 1
    done = put(store, put_goods_events, now, {**row, "payload": {"price": 8}})
    assert "stored already" in done.rejected[0].reason
    assert one(store, goods_events, id="e1").payload == {"price": 9}


def _bought(store: sa.Engine, customer: str, at: datetime, *lines: dict[str, Any]) -> None:
    with store.begin() as connection:
        payload = {"total": 100, "lines": list(lines)}
        assert not record_event(connection, "order.paid", customer, at, payload, f"{customer}{at}", at).rejected


def test_the_last_purchase_says_when_it_is_gone(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei")
    put(store, put_products, now, {"id": "oolong", "title": "Oolong", "lasts_days": 30}, {"id": "cup"})
    _bought(store, "mei", now, {"product": "oolong", "quantity": 2}, {"product": "cup"})
    found = one(store, supplies, customer_id="mei")
    assert (found.product, found.runs_out_on, found.title) == ("oolong", now.date() + 60 * DAY, "Oolong")
    _bought(store, "mei", now + 10 * DAY, {"product": "oolong"})
    again = one(store, supplies, customer_id="mei")
    assert (again.id, again.runs_out_on) == (found.id, now.date() + 40 * DAY)
    assert again.position > found.position


def test_a_product_that_lasts_otherwise_moves_the_day(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei")
    _bought(store, "mei", now, {"product": "oolong"})
    put(store, put_products, now, {"id": "oolong", "lasts_days": 10})
    assert one(store, supplies, customer_id="mei").runs_out_on == now.date() + 10 * DAY
    put(store, put_products, now, {"id": "oolong", "lasts_days": 20})
    assert one(store, supplies, customer_id="mei").runs_out_on == now.date() + 20 * DAY
    put(store, put_products, now, {"id": "oolong", "lasts_days": None})
    assert everything(store)["supplies"] == []


def test_the_day_is_counted_in_the_customers_zone(store: sa.Engine, now: datetime) -> None:
    put(store, put_customers, now, {"id": "mei", "timezone": "Asia/Tokyo"})
    put(store, put_products, now, {"id": "oolong", "lasts_days": 1})
    _bought(store, "mei", datetime.fromisoformat("2026-03-01T20:00Z"), {"product": "oolong"})
    assert one(store, supplies, customer_id="mei").runs_out_on == date(2026, 3, 3)


def test_an_order_with_lines_is_one_order_with_lines(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei")
    _bought(store, "mei", now, {"product": "oolong", "category": "tea", "amount": 70}, {"product": "cup"})
    assert [row[1:] for row in everything(store)["order_lines"]] == [
        (1, "oolong", "tea", 1, 70),
        (2, "cup", None, 1, 0),
    ]


def test_from_three_orders_on_there_is_a_rhythm(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei")
    for number, day in enumerate([0, 10, 30]):
        at = now - 30 * DAY + day * DAY
        order = {"id": str(number), "customer_id": "mei", "placed_at": at, "paid_at": at, "total": 1}
        assert one(store, customers, id="mei").usual_interval is None
        put(store, put_orders, now, order)
    found = one(store, customers, id="mei")
    assert found.usual_interval == 15
    assert found.next_order_expected_at == now + 15 * DAY
    assert found.order_overdue_at == now + 22.5 * DAY


def test_three_orders_of_one_day_are_no_rhythm(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei")
    for number in range(3):
        order = {"id": str(number), "customer_id": "mei", "placed_at": now, "paid_at": now, "total": 1}
        put(store, put_orders, now, order)
    assert one(store, customers, id="mei").next_order_expected_at is None


def test_who_leaves_a_company_marks_those_who_stay(store: sa.Engine, now: datetime) -> None:
    rows = [{"id": "mei", "company": "acme"}, {"id": "ana", "company": "acme"}, {"id": "tom", "company": "other"}]
    put(store, put_customers, now, *rows)
    before = {who: position(store, who) for who in ("ana", "tom")}
    put(store, put_customers, now, {"id": "mei", "company": "else"})
    assert position(store, "ana") > before["ana"]
    assert position(store, "tom") == before["tom"]


def test_lines_without_an_order_have_no_supply(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei")
    put(store, put_products, now, {"id": "oolong", "lasts_days": 10})
    unpaid = {"id": "1", "customer_id": "mei", "placed_at": now, "paid_at": None, "total": 1}
    put(store, put_orders, now, unpaid)
    line = {"order_id": "1", "line": 1, "product": "oolong", "category": None, "quantity": 1, "amount": 1}
    put(store, put_order_lines, now, line)
    assert everything(store)["supplies"] == []
    put(store, put_orders, now, {**unpaid, "paid_at": now})
    assert len(everything(store)["supplies"]) == 1
