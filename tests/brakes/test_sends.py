"""Brakes on what goes out: ceilings by hour and day, and a stop where messages do harm."""

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from engine.channels import Failed
from engine.store.brakes import held, release_playbook
from tests.scripted import Scripted
from tests.shop import SETTINGS, World, playbook

PAID = "when: {event: order.paid}\nif_running: parallel\ndo:\n  - email: hello"
HOUR = timedelta(hours=1)


def _world(
    store: sa.Engine, now: datetime, people: int, brakes: str = "", *, width: int = 100, **keys: str
) -> tuple[World, Scripted]:
    relay = Scripted(width)
    files = playbook("p", PAID, **({"brakes": brakes} if brakes else {}), **keys)
    world = World(store, now, files, channel=relay)
    world.customers(*_names(people))
    world.tick()
    for name in _names(people):
        world.event("order.paid", name, total=100)
    return world, relay


def _names(people: int) -> list[str]:
    return [f"c{number:03}" for number in range(people)]


@pytest.mark.parametrize("keys", [{}, {"purpose": "transactional"}])
def test_a_ceiling_lets_so_many_go_an_hour_and_loses_none(
    store: sa.Engine, now: datetime, keys: dict[str, str]
) -> None:
    world, relay = _world(store, now, 5, "{sends: 2 per hour}", **keys)
    world.tick()
    assert len(relay.taken) == 2
    waits = world.messages(state="deferred")
    assert {row["reason"] for row in waits} == {"the brake of 2 per hour for p is reached"}
    assert [row["due_at"] for row in waits] == [now + HOUR, now + HOUR, now + 2 * HOUR]
    world.tick_until(now + 3 * HOUR)
    assert sorted(relay.recipients()) == [f"{name}@example.com" for name in _names(5)]
    assert [row["sent_at"] for row in world.messages()].count(now + HOUR) == 2


def test_the_ceiling_of_the_shop_counts_all_and_the_important_go_first(store: sa.Engine, now: datetime) -> None:
    files = {**playbook("a", PAID), **playbook("b", PAID.replace("hello", "dear"), priority="90")}
    world = World(store, now, files, settings=SETTINGS + "brakes: {sends: 1 per day}\n")
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    assert world.mails() == [("mei@example.com", "dear")]
    assert world.message(state="deferred")["reason"] == "the brake of 1 per day for all playbooks is reached"


def test_too_many_bad_addresses_hold_the_playbook_with_the_figures(store: sa.Engine, now: datetime) -> None:
    world, relay = _world(store, now, 60, "{bounces: 5%}", width=10)
    for name in _names(60)[47:50]:
        relay.at_offer[f"{name}@example.com"] = [Failed(550, "no such user", suppress=True)]
    world.tick()
    with store.begin() as connection:
        (one,) = held(connection)
        assert (one.playbook, one.what, one.cause) == ("p", "sends", "bounces")
        assert one.reason == "3 of the last 50 messages bounced (6.0%; the brake is at 5%)"
        assert len(relay.taken) == 47
        assert {row["state"] for row in world.messages()} == {"sent", "failed", "deferred"}
        release_playbook(connection, "p", world.now, "anna")
    world.tick()
    assert len(relay.taken) == 57  # what was before the release has been looked at
    with store.connect() as connection:
        assert held(connection) == []


def test_a_few_bad_addresses_among_few_messages_stop_nothing(store: sa.Engine, now: datetime) -> None:
    world, relay = _world(store, now, 20, "{bounces: 5%}")
    for name in _names(20)[:9]:
        relay.at_offer[f"{name}@example.com"] = [Failed(550, "no such user", suppress=True)]
    world.tick()
    assert len(relay.taken) == 11


def test_complaints_hold_the_playbook_that_wrote_last(store: sa.Engine, now: datetime) -> None:
    world, relay = _world(store, now, 50, "{complaints: 2%}")
    world.tick()
    world.now += HOUR
    world.event("message.complained", "c001", message="hello")
    world.event("order.paid", "c002", total=100)
    world.tick()
    assert len(relay.taken) == 50
    with store.begin() as connection:
        assert held(connection)[0].reason == "1 of the last 50 messages were complained of (2.0%; the brake is at 2%)"
        release_playbook(connection, "p", world.now)
    world.tick(world.now + HOUR)
    assert len(relay.taken) == 51


def test_workers_side_by_side_keep_to_the_ceiling(
    postgres_store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.deliver.BATCH", 3)
    first, relay = _world(postgres_store, now, 20, "{sends: 7 per hour}")
    other = World(postgres_store, now, first.files, channel=relay)
    faults: list[BaseException] = []
    together = Barrier(2)

    def work(world: World) -> None:
        try:
            together.wait(10)
            world.tick_once()
        except BaseException as fault:
            faults.append(fault)

    threads = [Thread(target=work, args=(world,)) for world in (first, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert len(relay.taken) == 7
