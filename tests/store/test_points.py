"""The ledger of points: what lapses first is spent first, never more than there is, and the balance stands on the customer."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.loyalty import Till
from engine.store.customers import customers
from engine.store.loyalty import points
from engine.store.points import lapse_points
from tests.store.rows import add_customers, everything, one

ROME = ZoneInfo("Europe/Rome")
DAY = timedelta(days=1)


@pytest.fixture
def shop(store: sa.Engine, now: datetime) -> sa.Engine:
    add_customers(store, now, "mei", "ana")
    return store


def grant(store: sa.Engine, at: datetime, amount: int, expires: datetime | None = None, **more: Any) -> None:
    with store.begin() as connection:
        till = Till(connection, at)
        till.prepare(["mei"])
        till.grant("mei", amount, "a gift", expires, ROME, **more)
        till.write()


def spend(store: sa.Engine, at: datetime, amount: int) -> bool:
    with store.begin() as connection:
        till = Till(connection, at)
        till.prepare(["mei"])
        done = till.spend("mei", amount, "a purchase") is not None
        till.write()
        return done


def balance(store: sa.Engine) -> tuple[int, Any]:
    row = one(store, customers, id="mei")
    return row.points, row.points_expire_on


def test_the_balance_and_the_next_day_of_lapse_stand_on_the_customer(shop: sa.Engine, now: datetime) -> None:
    before = one(shop, customers, id="mei").position
    late = now.replace(hour=23, minute=30) + 10 * DAY
    grant(shop, now, 50)
    grant(shop, now, 30, late)
    assert balance(shop) == (80, (late + DAY).date())  # half past midnight in Rome
    assert one(shop, customers, id="mei").position > before
    assert one(shop, customers, id="ana").points == 0


def test_what_lapses_first_is_spent_first(shop: sa.Engine, now: datetime) -> None:
    grant(shop, now, 50)
    grant(shop, now, 30, now + 20 * DAY)
    grant(shop, now, 10, now + 10 * DAY)
    assert spend(shop, now, 35)
    assert balance(shop) == (55, (now + 20 * DAY).date())
    with shop.connect() as connection:
        left = connection.scalars(
            sa.select(points.c.remaining).where(points.c.change == "granted").order_by(points.c.id)
        )
        assert list(left) == [50, 5, 0]


def test_nobody_spends_more_than_he_has(shop: sa.Engine, now: datetime) -> None:
    grant(shop, now, 50)
    before = everything(shop)
    assert not spend(shop, now, 51)
    assert everything(shop) == before


def test_lapsed_points_cannot_be_spent_also_before_the_pass_that_says_so(shop: sa.Engine, now: datetime) -> None:
    grant(shop, now, 50, now + DAY)
    assert not spend(shop, now + DAY, 1)


def test_points_lapse_once_and_are_on_record(shop: sa.Engine, now: datetime) -> None:
    grant(shop, now, 50, now + DAY)
    grant(shop, now, 20, now + 2 * DAY)
    grant(shop, now, 7)
    with shop.begin() as connection:
        assert lapse_points(connection, now) == 0
    for _ in range(2):
        with shop.begin() as connection:
            lapse_points(connection, now + 3 * DAY)
        assert balance(shop) == (7, None)
        row = one(shop, points, change="lapsed")
        assert (row.amount, row.at, row.customer_id) == (-70, now + 3 * DAY, "mei")


def test_the_sum_of_the_ledger_is_the_balance(shop: sa.Engine, now: datetime) -> None:
    grant(shop, now, 50, now + DAY)
    grant(shop, now, 40)
    spend(shop, now, 60)
    with shop.begin() as connection:
        lapse_points(connection, now + 2 * DAY)
    with shop.connect() as connection:
        total = connection.scalar(sa.select(sa.func.sum(points.c.amount)))
    assert (total, balance(shop)[0]) == (30, 30)


def test_two_who_spend_at_once_cannot_both_have_the_last_points(postgres_store: sa.Engine, now: datetime) -> None:
    add_customers(postgres_store, now, "mei")
    grant(postgres_store, now, 50)
    with postgres_store.connect() as first, first.begin() as transaction:
        till = Till(first, now)
        till.prepare(["mei"])
        till.spend("mei", 40, "here")
        till.write()
        with postgres_store.connect() as second, second.begin():
            second.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
            with pytest.raises(sa.exc.OperationalError):
                Till(second, now).prepare(["mei"])  # stands in line
        transaction.commit()
    assert not spend(postgres_store, now, 40)
    assert balance(postgres_store)[0] == 10


def test_taken_back_points_go_as_far_as_there_are_any(shop: sa.Engine, now: datetime) -> None:
    key = (1, "points-grant", 0)
    grant(shop, now, 50, key=key)
    grant(shop, now, 10, now + DAY)
    spend(shop, now, 30)
    with shop.begin() as connection:
        till = Till(connection, now)
        till.prepare(["mei"], [{"id": 1}])
        why = till.take_back("mei", key, "returned", (1, "undo", 0))
        assert why == "20 of 50 points are spent already"
        assert till.take_back("mei", key, "returned", (1, "undo", 0)) is None  # the same step again
        till.write()
    row = one(shop, points, change="taken_back")
    assert (row.amount, row.reason) == (-30, "returned: 20 of 50 points are spent already")
    assert balance(shop) == (0, None)
