"""once: one broadcast, at the same hour of everybody's own clock."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from tests.shop import World, playbook

ARRIVED = playbook("arrived", "when: {once: 2026-03-02 10:00}\ndo: [tag: told]")


def test_each_gets_it_at_ten_on_the_own_clock_and_never_again(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, ARRIVED)
    world.customers("mei", timezone="Asia/Shanghai")
    world.customers("tom")
    world.tick()
    world.tick_until(now + timedelta(days=400))
    assert [(row["customer_id"], row["occasion"], row["fired_at"]) for row in world.runs()] == [
        ("mei", "once", datetime(2026, 3, 2, 2, tzinfo=UTC)),
        ("tom", "once", datetime(2026, 3, 2, 10, tzinfo=UTC)),
    ]


def test_a_moment_that_is_past_at_the_launch_fires_nobody(store: sa.Engine, now: datetime) -> None:
    world = World(store, now + timedelta(days=1), ARRIVED)
    world.customers("mei")
    world.tick()
    world.tick_until(now + timedelta(days=30))
    assert world.runs() == []


def test_a_moment_that_was_put_off_is_the_same_broadcast(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, ARRIVED)
    world.customers("mei")
    world.tick()
    world.tick(now + timedelta(days=1))
    world.edit(playbook("arrived", "when: {once: 2026-03-09 10:00}\ndo: [tag: told]"))
    world.tick(now + timedelta(days=2))
    world.tick(now + timedelta(days=12))
    assert [row["occasion"] for row in world.runs()] == ["once"]


def test_after_a_standstill_it_is_made_up_for_within_the_catch_up(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, ARRIVED)
    world.customers("mei")
    world.tick()
    world.tick(now + timedelta(days=3))
    assert world.entered() == ["mei"]


def test_after_a_longer_one_it_is_left_alone(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, ARRIVED)
    world.customers("mei")
    world.tick()
    world.tick(now + timedelta(days=5))
    assert world.runs() == []
