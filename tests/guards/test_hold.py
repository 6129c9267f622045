"""Hold: what is held stays due, and goes after the release."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.guards import Verdict
from engine.guards.hold import hold
from engine.store.brakes import EVERYTHING, hold_playbook, release_playbook
from tests.guards.looks import NOW, look_at
from tests.shop import World, playbook

PAID = "when: {event: order.paid}\ndo:\n  - email: hello"


def test_a_held_message_is_deferred_and_stays_due() -> None:
    assert hold(look_at()) is None
    assert hold(look_at(held="9 of 60 bounced")) == Verdict("deferred", "held: 9 of 60 bounced", NOW)


@pytest.mark.parametrize("name", ["p", EVERYTHING])
def test_nothing_goes_before_the_release(store: sa.Engine, now: datetime, name: str) -> None:
    world = World(store, now, playbook("p", PAID, purpose="transactional"))
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    with store.begin() as connection:
        hold_playbook(connection, name, "sends", "by hand", now)
    world.tick()
    world.tick(now + timedelta(hours=1))
    assert (world.message()["state"], world.mails()) == ("planned", [])
    with store.begin() as connection:
        release_playbook(connection, name, world.now)
    world.tick()
    assert world.mails() == [("mei@example.com", "hello")]
