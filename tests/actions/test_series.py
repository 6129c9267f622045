"""series: the next message not yet had, over all runs and playbooks."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.store.ledger import had
from tests.shop import World, playbook

MESSAGES = {f"messages/{name}/en.md": f"---\nsubject: {name}\n---\nText.\n" for name in ("one", "two", "three")}
BODY = "when: {event: order.paid}\nif_running: parallel\ndo:\n  - series: tips\n    by: [email]\n  - tag: told\n"


def files(*messages: str, **more: str) -> dict[str, str]:
    """A workspace with a series of those messages."""
    settings = {"settings/series.yaml": f"tips: [{', '.join(messages)}]\n"}
    return {**playbook("p", BODY), **{key: body for key, body in more.items()}, **settings, **MESSAGES}


def paid(world: World) -> None:
    """One more order of Mei."""
    world.event("order.paid", "mei", total=100)
    world.tick()


def begun(store: sa.Engine, now: datetime, given: dict[str, str]) -> World:
    """A shop with Mei in it."""
    world = World(store, now, given)
    world.customers("mei")
    world.tick()
    return world


def test_each_message_once_and_then_on(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now, files("one", "two"))
    for _ in range(4):
        paid(world)
    assert [row["message"] for row in world.messages()] == ["one", "two"]
    assert [row["state"] for row in world.runs()] == ["done"] * 4
    assert len(world.rows(had)) == 2


def test_two_runs_of_one_pass_get_two_messages(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now, files("one", "two", "three"))
    for _ in range(2):
        world.event("order.paid", "mei", total=100)
    world.tick()
    assert sorted(row["message"] for row in world.messages()) == ["one", "two"]


def test_over_playbooks(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now, {**files("one", "two"), **playbook("q", BODY)})
    paid(world)
    assert sorted(row["message"] for row in world.messages()) == ["one", "two"]


def test_a_message_that_is_added_goes_to_those_who_had_all(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now, files("one"))
    paid(world)
    paid(world)
    world.edit(files("one", "two"))
    world.tick()
    paid(world)
    assert [row["message"] for row in world.messages()] == ["one", "two"]


def test_a_run_in_flight_sends_what_its_revision_knows(store: sa.Engine, now: datetime) -> None:
    waits = playbook("p", BODY.replace("do:\n", "do:\n  - wait: 1 day\n"))
    world = begun(store, now, {**files("one"), **waits})
    paid(world)
    world.edit({**files("two", "one"), **waits})
    world.tick_until(now + timedelta(days=2))
    assert [(row["message"], row["state"]) for row in world.messages()] == [("one", "sent")]
