"""Orders, their lines, and the sums that customers carry: always those of the orders that are stored and paid."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.store.customers import customers, order_lines, orders
from engine.store.ingest import Written, put_order_lines, put_orders
from tests.store.rows import add_customers, everything, one

DAY = timedelta(days=1)


def order(key: str, customer: str, at: datetime, total: int = 1000, **other: Any) -> dict[str, Any]:
    return {"id": key, "customer_id": customer, "placed_at": at, "paid_at": at, "total": total, **other}


def put(store: sa.Engine, now: datetime, *rows: dict[str, Any]) -> Written:
    with store.begin() as connection:
        return put_orders(connection, rows, now)


def sums(store: sa.Engine, customer: str) -> tuple[Any, ...]:
    found = one(store, customers, id=customer)
    return (found.orders_count, found.lifetime_spend, found.first_order_at, found.last_order_at)


def test_orders_are_summed_up_and_the_same_again_changes_nothing(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei", "ana")
    rows = [order("1", "mei", now - DAY), order("2", "mei", now, 250), order("3", "ana", now, paid_at=None)]
    done = put(store, now, *rows)
    before = everything(store)
    again = put(store, now, *rows)
    assert (done.new, again.unchanged, again.touched) == (3, 3, False)
    assert everything(store) == before
    assert sums(store, "mei") == (2, 1250, now - DAY, now)
    assert sums(store, "ana") == (0, 0, None, None)


def test_a_paid_order_counts_from_its_payment_on(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei")
    put(store, now, order("1", "mei", now - DAY, paid_at=None))
    done = put(store, now, order("1", "mei", now - DAY, paid_at=now))
    assert done.changed == 1
    assert sums(store, "mei") == (1, 1000, now, now)


def test_an_order_that_changes_its_customer_is_taken_from_the_other(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei", "ana")
    put(store, now, order("1", "mei", now))
    put(store, now, order("1", "ana", now))
    assert sums(store, "mei") == (0, 0, None, None)
    assert sums(store, "ana") == (1, 1000, now, now)


def test_a_change_that_no_sum_shows_still_marks_the_customer(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei")
    put(store, now, *(order(str(n), "mei", now - n * 10 * DAY) for n in range(3)))
    before = one(store, customers, id="mei")
    put(store, now, order("1", "mei", now - 11 * DAY))
    after = one(store, customers, id="mei")
    assert after.position > before.position
    assert (after.orders_count, after.first_order_at) == (before.orders_count, before.first_order_at)


def test_unknown_customers_and_the_future_are_rejected_and_the_others_stored(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei")
    rows = [order("1", "nobody", now), order("2", "mei", now), order("3", "mei", now + 2 * DAY)]
    done = put(store, now, *rows)
    assert done.new == 1
    assert sorted((bad.index, bad.column) for bad in done.rejected) == [(0, "customer"), (2, "placed_at")]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(0, 5), st.sampled_from(["mei", "ana"]), st.none() | st.integers(0, 9), st.integers(0, 10**6)
            ),
            unique_by=lambda one: one[0],
            max_size=6,
        ),
        max_size=4,
    )
)
def test_sums_are_those_of_the_stored_orders(sqlite_store: sa.Engine, calls: list[list[tuple[Any, ...]]]) -> None:
    now = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
    with sqlite_store.begin() as connection:
        connection.execute(sa.delete(orders))
        connection.execute(sa.delete(customers))
    add_customers(sqlite_store, now, "mei", "ana")
    for call in calls:
        rows = [
            order(str(k), c, now - 20 * DAY, t, paid_at=None if d is None else now - d * DAY) for k, c, d, t in call
        ]
        put(sqlite_store, now, *rows)
    stored = [row for row in everything(sqlite_store)["orders"] if row[3] is not None]
    for customer in ("mei", "ana"):
        paid = [row for row in stored if row[1] == customer]
        when = [row[3] for row in paid]
        expected = (len(paid), sum(row[4] for row in paid), min(when, default=None), max(when, default=None))
        assert sums(sqlite_store, customer) == expected


def test_two_writers_of_one_customers_orders_both_count(postgres_store: sa.Engine, now: datetime) -> None:
    add_customers(postgres_store, now, "mei")
    with postgres_store.connect() as first, postgres_store.connect() as second:
        first.begin()
        second.begin()
        put_orders(first, [order("1", "mei", now)], now)
        second.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            put_orders(second, [order("2", "mei", now)], now)
        first.commit()
        second.rollback()
        put_orders(second, [order("2", "mei", now)], now)
        second.commit()
    assert sums(postgres_store, "mei")[:2] == (2, 2000)


# --- Lines -----------------------------------------------------------------------------------------------------------


def line(order_id: str, number: int, product: str, **other: Any) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "line": number,
        "product": product,
        "category": None,
        "quantity": 1,
        "amount": 5,
    } | other


def put_lines(store: sa.Engine, now: datetime, *rows: dict[str, Any]) -> Written:
    with store.begin() as connection:
        return put_order_lines(connection, rows, now)


def test_lines_are_stored_by_order_and_number(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei")
    put(store, now, order("1", "mei", now), order("2", "mei", now))
    rows = [line("1", 1, "tea"), line("1", 2, "cup"), line("2", 1, "tea"), line("9", 1, "tea")]
    done = put_lines(store, now, *rows)
    before = everything(store)
    again = put_lines(store, now, *rows)
    changed = put_lines(store, now, line("1", 2, "pot"))
    assert (done.new, again.unchanged, changed.changed) == (3, 3, 1)
    assert [(bad.index, bad.column) for bad in done.rejected] == [(3, "order")]
    assert one(store, order_lines, order_id="1", line=2).product == "pot"
    assert before["order_lines"] != everything(store)["order_lines"]
    assert before["customers"] != everything(store)["customers"]  # the mark has moved
