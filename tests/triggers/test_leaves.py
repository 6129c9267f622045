"""leaves: the mirror of enters."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from tests.shop import World, playbook

LEAVES = playbook("farewell", "when: {leaves: [customer.tier is gold]}\nif_running: parallel\ndo:\n  - tag: was-gold")


def test_whoever_ceases_to_match_begins_a_run(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, LEAVES)
    world.customers("mei", "tom", tier="gold")
    world.customers("ana", tier="silver")
    world.tick()
    world.customers("mei", "ana", tier="bronze")
    world.tick(now + timedelta(minutes=1))
    assert [(row["customer_id"], row["occasion"]) for row in world.runs()] == [("mei", "1")]


def test_a_value_that_goes_missing_ends_the_membership(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, LEAVES)
    world.customers("mei", tier="gold")
    world.tick()
    world.customers("mei", tier=None)
    world.tick(now + timedelta(minutes=1))
    assert world.entered() == ["mei"]


def test_nobody_leaves_by_entering_or_by_the_launch(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, LEAVES)
    world.customers("mei", tier="silver")
    world.tick()
    world.customers("mei", tier="gold")
    world.tick(now + timedelta(minutes=1))
    assert world.runs() == []


def test_time_alone_lets_customers_leave(store: sa.Engine, now: datetime) -> None:
    body = "when: {leaves: [customer.last_order_at after 30 days ago]}\ndo:\n  - tag: cold"
    world = World(store, now, playbook("cooling", body))
    world.customers("mei")
    world.event("order.paid", "mei", at=now, total=100)
    world.tick()
    world.tick_until(now + timedelta(days=31))
    assert world.run()["fired_at"] == now + timedelta(days=30)
