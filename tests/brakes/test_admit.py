"""Brakes on who begins: nobody is lost, nobody begins twice, and what exceeds waits for its place."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.brakes.admit import let_go
from engine.guards.holdout import place
from engine.store.brakes import canaries, held, hold_playbook
from engine.store.ledger import enrolments
from tests.shop import SETTINGS, World, playbook

PAID = "when: {event: order.paid}\ndo:\n  - tag: bought"
HOUR = timedelta(hours=1)


def _world(store: sa.Engine, now: datetime, brakes: str = "", shop: str = "", people: int = 6) -> World:
    keys = {"brakes": brakes} if brakes else {}
    world = World(store, now, playbook("p", PAID, **keys), settings=SETTINGS + (f"brakes: {shop}\n" if shop else ""))
    world.customers(*_names(people))
    world.tick()
    return world


def _names(people: int) -> list[str]:
    return [f"c{number:03}" for number in range(people)]


def _all_buy(world: World, people: int = 6, at: datetime | None = None) -> None:
    for name in _names(people):
        world.event("order.paid", name, total=100, at=at)


def _begun(world: World) -> int:
    return sum(row["state"] == "done" for row in world.runs())


def test_a_ceiling_lets_so_many_begin_an_hour_and_loses_nobody(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, "{entries: 2 per hour}")
    _all_buy(world)
    world.tick()
    assert [row["state"] for row in world.runs()] == ["done", "done", "waiting", "waiting", "waiting", "waiting"]
    world.tick(now + HOUR - timedelta(seconds=1))
    assert _begun(world) == 2
    world.tick_until(now + timedelta(hours=3))
    assert _begun(world) == 6
    assert sorted({row["admitted_at"] for row in world.runs()}) == [now + hour * HOUR for hour in range(3)]


@pytest.mark.parametrize(("keys", "told"), [({}, 6), ({"max_lateness": "2 days"}, 2)])
def test_a_long_queue_is_not_too_late_unless_the_author_says_when_it_is(
    store: sa.Engine, now: datetime, keys: dict[str, str], told: int
) -> None:
    files = playbook("p", "when: {event: order.paid}\ndo:\n  - email: hello", brakes="{entries: 1 per day}", **keys)
    world = World(store, now, files)
    world.customers(*_names(6))
    world.tick()
    _all_buy(world)
    world.tick()
    world.tick_until(now + timedelta(days=6))  # `limits.catch_up` is three days
    assert len(world.mails()) == told


def test_an_hour_and_a_day_hold_at_once(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, "{entries: 2 per hour and 3 per day}")
    _all_buy(world)
    world.tick()
    world.tick_until(now + timedelta(hours=23))
    assert _begun(world) == 3
    world.tick_until(now + timedelta(days=1, hours=2))
    assert _begun(world) == 6


def test_the_ceiling_of_the_shop_counts_all_playbooks_and_the_important_ones_first(
    store: sa.Engine, now: datetime
) -> None:
    files = {**playbook("a", PAID), **playbook("b", PAID, priority="90")}
    world = World(store, now, files, settings=SETTINGS + "brakes: {entries: 3 per hour}\n")
    world.customers("x", "y")
    world.tick()
    for name in ("x", "y"):
        world.event("order.paid", name, total=100)
    world.tick()
    assert [row["playbook"] for row in world.runs(state="done")].count("b") == 2
    assert len(world.runs(state="done")) == 3
    world.tick_until(now + HOUR)
    assert len(world.runs(state="done")) == 4


def test_one_who_waits_is_under_way(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, "{entries: 1 per hour}", people=2)
    _all_buy(world, 2)
    world.tick()
    world.event("order.paid", "c001", total=50)
    world.tick()
    refused = world.run(state="refused")
    assert (refused["customer_id"], refused["reason"]) == ("c001", "a run is under way")


def test_a_held_playbook_lets_nobody_begin_until_the_release(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now)
    with store.begin() as connection:
        hold_playbook(connection, "p", "entries", "by hand", now)
    _all_buy(world)
    world.tick()
    assert {row["state"] for row in world.runs()} == {"waiting"}
    with store.begin() as connection:
        assert let_go(connection, "p", world.now, "anna", drop=False) == (1, 0)
    world.tick()
    assert _begun(world) == 6


@pytest.mark.parametrize(("drop", "state"), [(False, "done"), (True, "refused")])
def test_a_backlog_waits_for_a_release_while_the_timely_go_on(
    store: sa.Engine, now: datetime, drop: bool, state: str
) -> None:
    world = _world(store, now, "{backlog: 3}")
    world.now = now + timedelta(hours=5)  # nobody was there to see it
    _all_buy(world, 4, at=now + HOUR)
    world.event("order.paid", "c005", total=100)
    world.tick()
    assert [row["state"] for row in world.runs()].count("waiting") == 4
    assert world.run(state="done")["customer_id"] == "c005"
    with store.connect() as connection:
        (one,) = held(connection)
    assert one.reason == "4 occasions were over an hour old when they were seen (the brake is at 3)"
    world.tick(world.now + HOUR)
    with store.begin() as connection:
        assert let_go(connection, "p", world.now, None, drop=drop) == (1, 4)
    world.tick()
    assert [row["state"] for row in world.runs()].count(state) == 4 + (not drop)


def test_a_small_backlog_goes_at_once(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, shop="{backlog: 4}")
    world.now = now + timedelta(hours=5)
    _all_buy(world, 4, at=now + HOUR)
    world.tick()
    assert _begun(world) == 4


def test_after_a_standstill_those_who_entered_an_audience_are_a_backlog(store: sa.Engine, now: datetime) -> None:
    body = "when:\n  enters: [customer.tier is gold]\ndo:\n  - tag: gold"
    world = World(store, now, playbook("p", body, brakes="{backlog: 1}"))
    world.customers("x", "y")
    world.tick()
    world.now = now + timedelta(hours=3)
    world.customers("x", "y", tier="gold")
    world.tick()
    assert {row["state"] for row in world.runs()} == {"waiting"}


def test_a_canary_goes_ahead_and_the_others_follow(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, "{canary: 20% for 1 day}", people=30)
    _all_buy(world, 30)
    world.tick()
    ahead = {name for name in _names(30) if place("p", name, "canary") < 0.2}
    assert {row["customer_id"] for row in world.runs(state="done")} == ahead
    assert 0 < len(ahead) < 15
    world.tick_until(now + timedelta(days=1))
    assert _begun(world) == 30
    world.event("order.paid", "c001", total=100, at=world.now)
    world.tick()
    assert _begun(world) == 31  # the canary of a version is flown once
    assert len(world.rows(canaries)) == 1


def test_a_stop_during_the_canary_keeps_the_others_back(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, "{canary: 20% for 1 day}", people=30)
    _all_buy(world, 30)
    world.tick()
    begun = _begun(world)
    with store.begin() as connection:
        hold_playbook(connection, "p", "all", "by hand", world.now)
    world.tick(now + timedelta(days=2))
    assert _begun(world) == begun


def test_without_brakes_nothing_is_written_twice(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now)
    _all_buy(world)
    world.tick()
    assert {row["admitted_at"] for row in world.rows(enrolments)} == {None}
