"""extend: a voucher lives longer, also one that lapsed; a redeemed one stays as it is, and that is on record."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.store.customers import vouchers
from engine.store.loyalty import voucher_changes
from tests.actions.worlds import after

STEPS = """
- voucher: gift
  as: gift
  expires: 10 days
- wait: {wait}
- extend: gift
  by: 7 days
- wait: 1 day
- tag: over
"""
DAY = timedelta(days=1)


def test_a_voucher_lives_longer_by_that_time(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, STEPS.format(wait="3 days"))
    world.tick_until(now + 5 * DAY)
    (row,) = world.rows(vouchers)
    assert (row["state"], row["expires_at"]) == ("issued", now + 17 * DAY)
    assert [one["until"] for one in world.rows(voucher_changes, change="extended")] == [now + 17 * DAY]
    assert world.run()["state"] == "done"


def test_a_lapsed_one_lives_again_from_now(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, STEPS.format(wait="20 days"))
    world.tick_until(now + 19 * DAY)
    assert [row["state"] for row in world.rows(vouchers)] == ["lapsed"]
    world.tick_until(now + 20 * DAY)
    (row,) = world.rows(vouchers)
    assert (row["state"], row["expires_at"]) == ("issued", now + 27 * DAY)


def test_a_redeemed_one_stays_redeemed(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, STEPS.format(wait="3 days"))
    world.event("voucher.redeemed", "mei", code="GIFT-CODE0001")
    world.tick_until(now + 5 * DAY)
    (row,) = world.rows(vouchers)
    assert (row["state"], row["expires_at"]) == ("redeemed", now + 10 * DAY)
    (change,) = world.rows(voucher_changes)
    assert (change["change"], change["reason"]) == (
        "refused",
        "cannot be extended: `GIFT-CODE0001` was redeemed on 2026-03-01",
    )


def test_those_of_several_customers_live_longer_in_one_pass(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, STEPS.format(wait="3 days"))
    world.customers("jun")
    world.event("order.paid", "jun", total=10_000)
    world.tick()
    world.tick_until(now + 5 * DAY)
    assert {row["expires_at"] for row in world.rows(vouchers)} == {now + 17 * DAY}
    assert len(world.rows(voucher_changes, change="extended")) == 2
