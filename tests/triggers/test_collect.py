"""`collect:`: many events, one run, that begins when it has become quiet."""

from datetime import datetime, timedelta
from threading import Thread

import pytest
import sqlalchemy as sa

from engine.store.ledger import enrolments
from tests.shop import World, playbook

MINUTE = timedelta(minutes=1)
BROWSED = playbook(
    "browsed",
    """
    when:
      event: page.viewed
      collect:
        for: 30 minutes
        at_most: 1 hour
    stop_when:
      - event: order.paid
    do:
      - email: looked
    """,
)
TEXT = {
    "messages/looked/en.md": "---\nsubject: You looked at {{ events.count }}\n---\n"
    "{% for event in events %}{{ event.title }}. {% endfor %}\n"
}


@pytest.fixture
def world(store: sa.Engine, now: datetime) -> World:
    made = World(store, now, {**BROWSED, **TEXT})
    made.customers("mei", "tom")
    made.tick()
    return made


def _view(world: World, minutes: int, title: str, who: str = "mei") -> None:
    world.event("page.viewed", who, at=world.now, product=title, title=title)
    assert minutes >= 0


def test_the_run_begins_when_for_so_long_nothing_came(world: World, now: datetime) -> None:
    for minutes, title in ((0, "oolong"), (20, "jasmine"), (45, "sencha")):
        world.now = now + minutes * MINUTE
        _view(world, minutes, title)
        world.tick()
    assert world.run(state="running")["due_at"] == now + 60 * MINUTE  # at_most, before 45 + 30
    world.tick(now + 59 * MINUTE)
    assert world.messages() == []
    world.tick(now + 60 * MINUTE)
    assert world.mails() == [("mei@example.com", "You looked at 3")]
    assert b"oolong. jasmine. sencha." in world.record.letters[0].content


def test_one_event_alone_is_a_run_too(world: World, now: datetime) -> None:
    _view(world, 0, "oolong")
    world.tick()
    world.tick_until(now + timedelta(hours=5))
    assert world.mails() == [("mei@example.com", "You looked at 1")]


def test_what_comes_later_is_another_run(world: World, now: datetime) -> None:
    _view(world, 0, "oolong")
    world.tick()
    world.tick(now + 30 * MINUTE)
    world.now = now + 40 * MINUTE
    _view(world, 40, "jasmine")
    world.tick()
    assert [row["state"] for row in world.runs()] == ["done", "running"]


def test_a_pass_that_comes_late_sees_the_same(world: World, now: datetime) -> None:
    for minutes, title in ((0, "oolong"), (20, "jasmine")):
        world.event("page.viewed", "mei", at=now + minutes * MINUTE, product=title, title=title)
    world.tick(now + timedelta(hours=3))
    assert world.mails() == [("mei@example.com", "You looked at 2")]


def test_a_program_that_dies_meanwhile_forgets_nothing(world: World, now: datetime) -> None:
    _view(world, 0, "oolong")
    world.tick()
    world.restart()
    world.now = now + 10 * MINUTE
    _view(world, 10, "jasmine")
    world.tick()
    world.restart()
    world.tick(now + 40 * MINUTE)
    assert world.mails() == [("mei@example.com", "You looked at 2")]


def test_who_buys_meanwhile_hears_nothing(world: World, now: datetime) -> None:
    _view(world, 0, "oolong")
    world.tick()
    world.now = now + 10 * MINUTE
    world.event("order.paid", "mei", total=100)
    world.tick()
    world.tick_until(now + timedelta(hours=5))
    assert world.run()["reason"] == "event order.paid"
    assert world.mails() == []


def test_customers_collect_apart(world: World, now: datetime) -> None:
    _view(world, 0, "oolong")
    _view(world, 0, "jasmine", "tom")
    world.tick()
    world.tick(now + 30 * MINUTE)
    assert sorted(world.mails()) == [("mei@example.com", "You looked at 1"), ("tom@example.com", "You looked at 1")]


def test_what_comes_while_another_worker_begins_the_run_does_not_join_it(
    postgres_store: sa.Engine, now: datetime
) -> None:
    world = World(postgres_store, now, {**BROWSED, **TEXT})
    world.customers("mei")
    world.tick()
    _view(world, 0, "oolong")
    world.tick()
    world.now = now + 30 * MINUTE
    _view(world, 30, "jasmine")
    faults: list[BaseException] = []

    def work() -> None:
        try:
            world.tick_once()
        except BaseException as fault:
            faults.append(fault)

    other = Thread(target=work)
    with postgres_store.begin() as connection:
        connection.execute(sa.update(enrolments).values(step="looked"))
        other.start()
        waits = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        with postgres_store.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
            while other.is_alive() and not watching.execute(waits).scalar_one():
                pass
    other.join(30)
    assert faults == []
    assert [row["state"] for row in world.runs()][1:] == ["refused"]  # not collected: that run has begun
