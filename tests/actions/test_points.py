"""points: granted once for a step, spent while there are enough, shown as a result, and gone when they lapse."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.store.customers import customers
from engine.store.loyalty import points
from tests.actions.worlds import after
from tests.shop import World, playbook

EARN = "- points: grant\n  amount: 10% of event.total\n  expires: 12 months\n  as: earned\n- wait: 1 day"


def has(world: World) -> tuple[int, object]:
    (row,) = world.rows(customers, id="mei")
    return row["points"], row["points_expire_on"]


def test_a_share_of_the_order_is_rounded_down_to_whole_points(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, EARN)
    world.event("order.paid", "mei", total=999)
    world.tick()
    assert [row["amount"] for row in world.rows(points)] == [10, 0]
    assert has(world) == (10, now.date().replace(year=2027))
    assert world.runs()[0]["results"] == {"earned": {"points": ["points-grant", 0]}}


def test_they_lapse_by_time_alone(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, EARN)
    world.tick_until(now + timedelta(days=366))
    assert [(row["change"], row["amount"]) for row in world.rows(points)] == [("granted", 10), ("lapsed", -10)]
    assert has(world) == (0, None)


def test_points_are_spent_where_there_are_enough(store: sa.Engine, now: datetime) -> None:
    steps = "- points: grant\n  amount: 50\n- points: spend\n  amount: 30\n  as: paid\n- tag: paid\n- points: spend\n  amount: 21"
    world = after(store, now, steps)
    assert has(world) == (20, None)
    assert (world.run()["state"], world.run()["reason"]) == ("stopped", "not enough points")
    assert [row["amount"] for row in world.rows(points)] == [50, -30]


def test_what_a_step_granted_can_be_asked_for_in_the_next(store: sa.Engine, now: datetime) -> None:
    steps = """
- points: grant
  amount: 50
  as: earned
- points: grant
  amount: 10% of earned.amount
- choose:
    - if: [customer.points == 55, earned.balance == 50, earned.expires_at is empty]
      do:
        - tag: right
"""
    world = after(store, now, steps)
    assert world.run()["state"] == "done"
    assert [row["amount"] for row in world.rows(points)] == [50, 5]
    world.restart()
    world.tick()
    assert has(world) == (55, None)


@pytest.mark.parametrize("share", ["100%", "250%"])
def test_more_than_the_whole_can_be_given(sqlite_store: sa.Engine, now: datetime, share: str) -> None:
    world = after(sqlite_store, now, f"- points: grant\n  amount: {share} of event.total")
    assert has(world)[0] == int(share[:-1])


def test_the_day_on_which_points_lapse_is_a_date_like_others(store: sa.Engine, now: datetime) -> None:
    files = {
        **playbook("earn", "when: {event: order.paid}\ndo:\n  - points: grant\n    amount: 5\n    expires: 30 days\n"),
        **playbook(
            "warn", "when: {date: customer.points_expire_on, lead: 14 days, at: '10:00'}\ndo:\n  - tag: warned\n"
        ),
    }
    world = World(store, now, files)
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    world.tick_until(now + timedelta(days=31))
    warned = [row["fired_at"] for row in world.runs(playbook="warn")]
    assert warned == [now.replace(hour=10) + timedelta(days=16)]
