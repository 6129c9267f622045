"""A playbook whose mails are refused for what they say is held, and nobody's address is blamed."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.channels import Failed
from engine.store.brakes import held, release_playbook
from engine.store.customers import suppressions
from tests.scripted import Scripted
from tests.shop import World, playbook

PAID = "when: {event: order.paid}\nif_running: parallel\ndo:\n  - email: hello"
SPAM = Failed(554, "5.7.1 looks like spam", suppress=False, cause="content")


def _world(store: sa.Engine, now: datetime, people: int) -> tuple[World, Scripted]:
    relay = Scripted(width=5)
    world = World(store, now, playbook("p", PAID), channel=relay)
    world.customers(*(f"c{number:03}" for number in range(people)))
    world.tick()
    for number in range(people):
        world.event("order.paid", f"c{number:03}", total=100)
    return world, relay


def _held(world: World) -> list[tuple[str, str]]:
    with world.store.connect() as connection:
        return [(one.cause, one.reason) for one in held(connection)]


def test_twenty_refused_contents_hold_the_playbook_and_the_rest_waits(store: sa.Engine, now: datetime) -> None:
    world, relay = _world(store, now, 40)
    relay.at_content["*"] = [SPAM] * 100
    world.tick()
    states = [row["state"] for row in world.messages()]
    assert 20 <= states.count("failed") <= 25, "and those that were on their way"
    assert {state for state in states if state != "failed"} == {"deferred"}
    reason = "20 of the last 20 messages were refused for what they say or who sends them (100.0%; the brake is at 3%)"
    assert _held(world) == [("content", reason)]
    assert world.rows(suppressions) == []


def test_after_a_person_has_looked_it_goes_on_and_is_counted_anew(store: sa.Engine, now: datetime) -> None:
    world, relay = _world(store, now, 40)
    relay.at_content["*"] = [SPAM] * 20
    world.tick()
    with world.store.begin() as connection:
        release_playbook(connection, "p", now, "the owner")
    world.tick(now + timedelta(minutes=1))
    states = [row["state"] for row in world.messages()]
    assert (states.count("failed"), states.count("sent")) == (20, 20)
    assert _held(world) == []


@pytest.mark.parametrize("outcome", [Failed(554, "no", suppress=False), Failed(552, "5.2.2 full", False, "mailbox")])
def test_other_refusals_do_not_count(store: sa.Engine, now: datetime, outcome: Failed) -> None:
    world, relay = _world(store, now, 30)
    relay.at_content["*"] = [outcome] * 30
    world.tick()
    assert _held(world) == []


def test_few_among_many_do_not_count(store: sa.Engine, now: datetime) -> None:
    world, relay = _world(store, now, 40)
    world.tick()
    relay.at_content["*"] = [SPAM] * 19
    for number in range(40):
        world.event("order.paid", f"c{number:03}", total=100)
    world.tick(now + timedelta(days=3))
    assert _held(world) == []


def test_twenty_mails_that_cannot_be_written_hold_the_playbook(store: sa.Engine, now: datetime) -> None:
    text = {"messages/hello/en.md": "---\nsubject: hello\n---\nDear {{ customer.birthday | date }},\n"}
    world = World(store, now, {**playbook("p", PAID), **text})
    people = [f"c{number:03}" for number in range(40)]
    world.customers(*people)
    world.tick()
    for one in people:
        world.event("order.paid", one, total=100)
    world.tick()
    (held_for,) = _held(world)
    assert "messages could not be written (100.0%; the brake is at 3%)" in held_for[1]
    assert world.mails() == []
    assert "this customer has no `customer.birthday`" in world.messages(state="failed")[0]["reason"]
