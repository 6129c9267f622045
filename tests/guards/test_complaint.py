"""Complaint: marketing waits while one is open, and goes when the last is closed."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.guards.complaint import complaint
from tests.guards.looks import look_at
from tests.shop import World, playbook

PAID = "when: {event: order.paid}\ndo:\n  - email: hello"
HOUR = timedelta(hours=1)


def test_only_marketing_with_an_open_complaint_waits() -> None:
    verdict = complaint(look_at(open_complaints=1))
    assert verdict is not None
    assert verdict.state == "deferred"
    assert complaint(look_at(open_complaints=0)) is None
    assert complaint(look_at(open_complaints=1, purpose="transactional")) is None
    assert complaint(look_at(open_complaints=1, despite_complaint=True)) is None


def _complained(store: sa.Engine, now: datetime, **keys: str) -> World:
    world = World(store, now, playbook("p", PAID, **keys))
    world.customers("mei")
    world.tick()
    world.event("complaint.opened", "mei", id="c1")
    world.event("order.paid", "mei", total=100)
    world.tick()
    return world


def test_it_goes_as_soon_as_the_last_complaint_is_closed(store: sa.Engine, now: datetime) -> None:
    world = _complained(store, now)
    world.event("complaint.opened", "mei", id="c2")
    assert (world.message()["state"], world.message()["reason"]) == ("deferred", "a complaint of the customer is open")
    world.now += timedelta(minutes=10)
    world.event("complaint.closed", "mei", id="c3")
    world.tick()
    assert world.mails() == []
    for _ in range(2):  # the same event again changes nothing
        world.event("complaint.closed", "mei", id="c4", at=now)
    world.tick()
    assert world.mails() == [("mei@example.com", "hello")]


def test_it_expires_as_usual(store: sa.Engine, now: datetime) -> None:
    world = _complained(store, now)
    world.tick_until(now + timedelta(days=4))
    assert (world.message()["state"], world.mails()) == ("expired", [])


@pytest.mark.parametrize("keys", [{"if_complaint": "send"}, {"purpose": "transactional"}])
def test_what_must_go_goes_all_the_same(store: sa.Engine, now: datetime, keys: dict[str, str]) -> None:
    assert _complained(store, now, **keys).mails() == [("mei@example.com", "hello")]
