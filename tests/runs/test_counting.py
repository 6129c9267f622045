"""Counters over all runs of a playbook, exact also where several workers take of them at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.store.customers import vouchers
from engine.store.ledger import counters
from tests.shop import World, playbook

PEOPLE = [f"c{number:02}" for number in range(12)]

GIVES = "when: {event: order.paid}\ndo: [{voucher: gift, as: gift}, {email: thanks}, {tag: given}]"


def orders(world: World, *people: str) -> None:
    """An order of each, a minute apart."""
    world.customers(*people)
    for number, one in enumerate(people):
        world.event("order.paid", one, at=world.now - timedelta(minutes=60 - number), total=10)


def counted(world: World) -> list[tuple[str, int]]:
    """What the counters stand at."""
    return [(row["what"], row["count"]) for row in world.rows(counters)]


def test_vouchers_are_given_until_none_is_left(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("one", GIVES, at_most="5 vouchers"))
    world.tick()
    orders(world, *PEOPLE)
    world.tick()
    states = [(row["state"], row["reason"]) for row in world.runs()]
    assert states == [("done", None)] * 5 + [("stopped", "all 5 are given")] * 7
    assert len(world.rows(vouchers)) == len(world.messages()) == 5
    assert counted(world) == [("vouchers", 5)]


def test_entries_are_taken_in_the_order_of_their_occasions(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("one", GIVES, at_most="4 entries"))
    world.tick()
    orders(world, *PEOPLE[:3])
    world.tick()
    orders(world, *reversed(PEOPLE[3:]))
    world.tick()
    assert world.entered() == [*PEOPLE[:3], PEOPLE[-1]]
    assert {row["reason"] for row in world.runs(state="refused")} == {"all 4 entries are reached"}
    assert counted(world) == [("entries", 4)]


def test_an_occasion_that_is_refused_for_another_reason_takes_no_place(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("one", GIVES, at_most="2 entries", enter="once"))
    world.tick()
    orders(world, "mei", "mei", "mei", "jun")
    world.tick()
    assert sorted(world.entered()) == ["jun", "mei"]
    assert counted(world) == [("entries", 2)]


def test_of_a_whole_audience_as_many_enter_as_there_are_places(store: sa.Engine, now: datetime) -> None:
    body = "when: {enters: [customer.orders_count >= 0], existing: include}\ndo: [{tag: in}]"
    world = World(store, now, {})
    world.customers(*PEOPLE)
    world.edit(playbook("one", body, at_most="5 entries"))
    world.tick()
    assert len(world.entered()) == 5


def test_messages_beyond_the_last_one_are_left_out_and_the_run_goes_on(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("one", GIVES, at_most="3 messages"))
    world.tick()
    orders(world, *PEOPLE)
    world.tick()
    assert [(row["state"], row["reason"]) for row in world.messages()] == [("sent", None)] * 3 + [
        ("skipped", "all 3 messages are reached")
    ] * 9
    assert {row["state"] for row in world.runs()} == {"done"}
    assert counted(world) == [("messages", 3)]


def test_a_quota_that_comes_later_counts_what_there_was_before(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("one", GIVES))
    world.tick()
    orders(world, *PEOPLE[:3])
    world.tick()
    world.edit(playbook("one", GIVES, at_most="5 vouchers"))
    orders(world, *PEOPLE[3:])
    world.tick()
    assert len(world.rows(vouchers)) == 5


def test_a_larger_quota_lets_more_in(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("one", GIVES, at_most="2 vouchers"))
    world.tick()
    orders(world, *PEOPLE[:3])
    world.tick()
    world.edit(playbook("one", GIVES, at_most="3 vouchers"))
    orders(world, *PEOPLE[3:])
    world.tick()
    assert len(world.rows(vouchers)) == 3


@pytest.mark.parametrize("quota", ["7 vouchers", "7 entries", "7 messages"])
def test_several_workers_never_exceed_it(postgres_store: sa.Engine, now: datetime, quota: str) -> None:
    files = playbook("one", GIVES, at_most=quota)
    world = World(postgres_store, now, files)
    world.tick()
    orders(world, *PEOPLE)
    workers = [World(postgres_store, now, files, codes=f"W{number}-") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(World.tick_once, workers))
    world.tick()
    what = quota.split()[1]
    got = {"vouchers": world.rows(vouchers), "entries": world.entered(), "messages": world.messages(state="sent")}
    assert len(got[what]) == 7
    assert counted(world) == [(what, 7)]
