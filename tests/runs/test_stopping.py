"""What ends a run also holds back what it said last and could not send yet."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.store.customers import vouchers
from tests.shop import SETTINGS, World, playbook

_NIGHT = datetime(2026, 3, 1, 22, tzinfo=UTC)
_SETTINGS = SETTINGS.replace("00:00-23:59", "09:00-21:00")
_CART = """
when: {event: cart.updated}
stop_when:
  - event: order.paid
    where:
      - it.total >= 10
do:
  - email: cart
"""
_GIFT = """
when: {event: order.paid}
stop_when:
  - gift.redeemed_at is not empty
do:
  - voucher: gift
    as: gift
    expires: 5 days
  - email: reminder
"""


def _world(store: sa.Engine, body: str) -> World:
    world = World(store, _NIGHT, playbook("p", body), settings=_SETTINGS)
    world.customers("mei", "ann")
    world.tick()
    return world


@pytest.mark.parametrize(("total", "state"), [(100_00, "cancelled"), (1_00, "sent")])
def test_an_event_in_the_night_holds_the_morning_mail_back(store: sa.Engine, total: int, state: str) -> None:
    world = _world(store, _CART)
    for customer in ("mei", "ann"):
        world.event("cart.updated", customer, items_count=1)
    world.tick()
    assert [row["state"] for row in world.runs()] == ["done", "done"]
    world.now += timedelta(hours=2)
    world.event("order.paid", "mei", total=total)
    world.tick()
    world.tick(_NIGHT + timedelta(hours=11))
    assert {row["customer_id"]: row["state"] for row in world.messages()} == {"mei": state, "ann": "sent"}
    reasons = {row["reason"] for row in world.messages(state="cancelled")}
    assert reasons == ({"event order.paid"} if state == "cancelled" else set())


def test_a_voucher_that_is_redeemed_needs_no_reminder(store: sa.Engine) -> None:
    world = _world(store, _GIFT)
    world.event("order.paid", "mei", total=100_00)
    world.tick()
    (gift,) = world.rows(vouchers)
    world.now += timedelta(hours=1)
    world.event("voucher.redeemed", "mei", code=gift["code"])
    world.tick()
    world.tick(_NIGHT + timedelta(hours=11))
    assert world.message()["state"] == "cancelled"
