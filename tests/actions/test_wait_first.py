"""wait_first: whichever comes first, by when it came; and the event that came, kept."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.store.customers import customers
from tests.actions.worlds import after

STEPS = """
- wait_first:
    - event: review.posted
      where: [it.rating >= 4]
      as: praise
      do:
        - choose:
            - if: praise.rating >= 5
              do: [{stop: five stars}]
        - stop: four stars
    - when: customer.tier is gold
      do: [{stop: risen}]
    - after: 2 days
      do: [{stop: nothing came}]
"""


def test_the_event_comes_first_and_is_kept(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, STEPS)
    world.now = now + timedelta(hours=1)
    world.event("review.posted", "mei", rating=3)
    world.tick()
    assert world.run()["state"] == "running"
    world.now = now + timedelta(hours=2)
    world.event("review.posted", "mei", rating=5)
    world.tick()
    assert world.run()["reason"] == "five stars"


def test_a_condition_is_looked_at_when_the_customer_changes(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, STEPS, tier="silver")
    world.now = now + timedelta(hours=1)
    world.customers("mei", tier="gold")
    world.tick()
    assert world.run()["reason"] == "risen"


def test_time_alone(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, STEPS)
    assert world.run()["due_at"] == now + timedelta(days=2)
    world.tick_until(now + timedelta(days=3))
    assert (world.run()["reason"], world.run()["ended_at"]) == ("nothing came", now + timedelta(days=2))


@pytest.mark.parametrize(("hours", "reason"), [(47, "five stars"), (49, "nothing came")])
def test_after_a_standstill_the_order_of_what_came_counts(
    store: sa.Engine, now: datetime, hours: int, reason: str
) -> None:
    world = after(store, now, STEPS)
    world.now = now + timedelta(days=3)
    world.event("review.posted", "mei", at=now + timedelta(hours=hours), rating=5)
    world.tick(now + timedelta(days=3))
    assert world.run()["reason"] == reason


def test_a_tie_goes_to_the_upper_one(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, STEPS)
    world.now = now + timedelta(days=2)
    world.event("review.posted", "mei", rating=5)
    world.tick(now + timedelta(days=2))
    assert world.run()["reason"] == "five stars"


def test_a_condition_that_time_alone_makes_true(store: sa.Engine, now: datetime) -> None:
    steps = """
- wait_first:
    - when: customer.created_at before 3 days ago
      do: [{stop: three days with us}]
    - event: review.posted
"""
    world = after(store, now, steps)
    (row,) = world.rows(customers)
    expected = row["created_at"] + timedelta(days=3)
    assert abs(world.run()["due_at"] - expected) < timedelta(seconds=1)
    world.tick_until(now + timedelta(days=4))
    assert world.run()["reason"] == "three days with us"


def test_a_voucher_that_lapses(store: sa.Engine, now: datetime) -> None:
    steps = """
- {voucher: gift, as: gift, expires: 5 days}
- wait_first:
    - when: gift.state is lapsed
      do: [{stop: lapsed}]
    - after: 60 days
"""
    world = after(store, now, steps)
    world.tick_until(now + timedelta(days=70))
    assert (world.run()["reason"], world.run()["ended_at"]) == ("lapsed", now + timedelta(days=5))


def test_working_days(store: sa.Engine, now: datetime) -> None:
    steps = "- wait_first:\n    - event: review.posted\n    - after: 2 working days\n"
    world = after(store, now, steps)  # a Sunday: from Monday at nine
    assert world.run()["due_at"] == datetime.fromisoformat("2026-03-04T09:00:00+00:00")


def test_what_holds_already_is_not_waited_for(store: sa.Engine, now: datetime) -> None:
    assert after(store, now, STEPS, tier="gold").run()["reason"] == "risen"


def test_wait_for_keeps_its_event_too(store: sa.Engine, now: datetime) -> None:
    steps = """
- wait_for: review.posted
  within: 2 days
  as: praise
  then:
    - choose:
        - if: praise.rating >= 5
          do: [{stop: five stars}]
"""
    world = after(store, now, steps)
    world.now = now + timedelta(hours=1)
    key = world.event("review.posted", "mei", rating=5)
    world.tick()
    assert (world.run()["reason"], world.run()["results"]) == (
        "five stars",
        {"praise": {"event": ["review.posted", key]}},
    )
