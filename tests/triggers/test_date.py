"""date: a notice before or after a date of the customer, by the customer's own calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.clocks.times import Length
from engine.local import days_reached
from tests.shop import World, playbook

RENEWAL = playbook("renewal", "when: {date: customer.member_until, lead: 7 days, at: 10:00}\ndo:\n  - tag: told")


def test_it_fires_the_lead_before_at_the_hour_of_the_customers_zone(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, RENEWAL)
    world.customers("mei", timezone="Asia/Shanghai", member_until=date(2026, 3, 20))
    world.customers("tom", timezone="America/New_York", member_until=date(2026, 3, 20))
    world.customers("ana", member_until=date(2026, 3, 20))  # the brand's zone
    world.customers("eve", timezone="Mars/Olympus", member_until=date(2026, 3, 20))
    world.tick()
    world.tick_until(now + timedelta(days=30))
    assert {row["customer_id"]: row["fired_at"] for row in world.runs()} == {
        "mei": datetime(2026, 3, 13, 2, tzinfo=UTC),
        "tom": datetime(2026, 3, 13, 14, tzinfo=UTC),
        "ana": datetime(2026, 3, 13, 10, tzinfo=UTC),
        "eve": datetime(2026, 3, 13, 10, tzinfo=UTC),
    }
    assert {row["occasion"] for row in world.runs()} == {"2026-03-20"}


def test_a_date_that_moves_is_a_new_occasion(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, RENEWAL)
    world.customers("mei", member_until=date(2026, 3, 20))
    world.tick()
    world.tick(datetime(2026, 3, 14, tzinfo=UTC))
    world.customers("mei", member_until=date(2027, 3, 20))
    world.tick(datetime(2026, 3, 15, tzinfo=UTC))
    world.tick(datetime(2027, 3, 14, tzinfo=UTC))
    assert [row["occasion"] for row in world.runs()] == ["2026-03-20", "2027-03-20"]


def test_a_time_counts_for_the_day_it_falls_on_where_the_customer_lives(store: sa.Engine, now: datetime) -> None:
    world = World(
        store, now, playbook("second", "when: {date: customer.last_order_at, lag: 3 days, at: 08:00}\ndo: [tag: told]")
    )
    world.customers("mei", timezone="Asia/Shanghai")
    world.customers("tom")
    for who in ("mei", "tom"):
        world.event("order.paid", who, at=datetime(2026, 2, 28, 20, tzinfo=UTC), total=1)  # 1 March in Shanghai
    world.tick()
    world.tick_until(now + timedelta(days=5))
    assert {row["customer_id"]: (row["fired_at"], row["occasion"]) for row in world.runs()} == {
        "tom": (datetime(2026, 3, 3, 8, tzinfo=UTC), "2026-02-28"),
        "mei": (datetime(2026, 3, 4, 0, tzinfo=UTC), "2026-03-01"),
    }


def test_after_a_standstill_what_is_older_than_the_catch_up_is_left_alone(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, RENEWAL)
    for day in range(10, 20):
        world.customers(f"c{day}", member_until=date(2026, 3, day))
    world.tick()
    world.tick(datetime(2026, 3, 12, 10, tzinfo=UTC))  # three days back is 9 March, 10:00, exclusive
    assert world.entered() == ["c17", "c18", "c19"]


@pytest.mark.parametrize(
    ("today", "days"),
    [
        (date(2026, 2, 28), [date(2026, 3, day) for day in (28, 29, 30, 31)]),
        (date(2026, 4, 30), [date(2026, 5, 30), date(2026, 5, 31)]),
        (date(2026, 3, 29), [date(2026, 4, 29)]),
    ],
)
def test_every_day_has_one_notice_a_month_before(today: date, days: list[date]) -> None:
    assert days_reached(today, Length(1, "month"), None) == days
