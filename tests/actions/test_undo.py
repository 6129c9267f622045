"""undo: takes back a voucher that is not redeemed, or points; what is gone stays gone, with the reason."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.store.customers import customers, vouchers
from engine.store.loyalty import points, voucher_changes
from tests.actions.worlds import after

GIFT = """
- voucher: gift
  as: gift
  expires: 30 days
- wait: 3 days
- undo: gift
- wait: 1 day
"""
POINTS = """
- points: grant
  amount: 50
  as: earned
- wait: 3 days
- undo: earned
- wait: 1 day
"""
LATER = timedelta(days=5)


def test_a_voucher_is_taken_back(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, GIFT)
    world.tick_until(now + LATER)
    assert [row["state"] for row in world.rows(vouchers)] == ["taken_back"]
    assert [row["change"] for row in world.rows(voucher_changes)] == ["taken_back"]
    world.tick_until(now + timedelta(days=40))
    assert [row["state"] for row in world.rows(vouchers)] == ["taken_back"]


def test_one_that_was_given_at_the_same_moment_too(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, "- voucher: gift\n  as: gift\n- undo: gift")
    assert [row["state"] for row in world.rows(vouchers)] == ["taken_back"]


def test_a_redeemed_one_cannot_be_and_that_is_on_record(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, GIFT)
    world.event("voucher.redeemed", "mei", code="GIFT-CODE0001", order_id="o1")
    world.tick_until(now + LATER)
    assert [row["state"] for row in world.rows(vouchers)] == ["redeemed"]
    (change,) = world.rows(voucher_changes)
    assert change["reason"] == "cannot be taken back: `GIFT-CODE0001` was redeemed on 2026-03-01"
    assert world.run()["state"] == "done"


def test_points_are_taken_back(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, POINTS)
    world.tick_until(now + LATER)
    assert [(row["change"], row["amount"]) for row in world.rows(points)] == [("granted", 50), ("taken_back", -50)]
    assert [row["points"] for row in world.rows(customers)] == [0]


def test_spent_points_are_given_back(store: sa.Engine, now: datetime) -> None:
    steps = "- points: grant\n  amount: 50\n- points: spend\n  amount: 20\n  as: paid\n- undo: paid"
    world = after(store, now, steps)
    assert [row["points"] for row in world.rows(customers)] == [50]
