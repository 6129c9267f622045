"""Several workers on one store: nobody is passed over between them, and no run sleeps through what it waits for."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.outgoing.hands import Hands
from engine.progress import hold
from engine.store.dialect import horizon, lock_listening
from engine.store.ledger import progress
from engine.trigger import Window
from tests.shop import World, playbook

SECOND = timedelta(seconds=1)
REGULAR = playbook("p", "when: {enters: [customer.lifetime_spend >= 100]}\ndo: [{tag: regular}]")
PRAISED = playbook(
    "p", "when: {event: order.paid}\ndo: [{wait_for: review.posted, within: 9 days, then: [{tag: thanks}]}]"
)


def launched(store: sa.Engine, now: datetime, files: dict[str, str]) -> World:
    """A world with one customer, whose playbook has begun."""
    world = World(store, now, files)
    world.customers("mei")
    world.tick()
    return world


def test_a_worker_whose_window_another_one_has_evaluated_leaves_it(postgres_store: sa.Engine, now: datetime) -> None:
    world = World(postgres_store, now, playbook("p", "when: {event: order.paid}\ndo: [{tag: x}]"))
    world.tick()
    with postgres_store.begin() as connection:
        position = horizon(connection)
        behind = Window(now, now + SECOND, position, position)
        later = {"since": now + 9 * SECOND, "position": position}
        assert hold(connection, "p", behind)
        connection.execute(sa.update(progress).where(progress.c.playbook == "p").values(**later))
        assert not hold(connection, "p", behind)
        assert hold(connection, "p", Window(now, now + SECOND, position, position + 1))


def test_nobody_is_woken_while_a_run_may_be_about_to_listen(postgres_store: sa.Engine, now: datetime) -> None:
    world = World(postgres_store, now, PRAISED)
    world.tick()
    world.customers("mei")
    world.event("order.paid", "mei", total=10)
    world.tick()
    world.now = now + SECOND
    world.event("review.posted", "mei", rating=5)
    with postgres_store.begin() as advancing:
        lock_listening(advancing, alone=False)
        with postgres_store.begin() as another:
            lock_listening(another, alone=False)  # runs are moved on by several at once
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"), postgres_store.begin() as listening:
            listening.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
            lock_listening(listening, alone=True)
    world.tick()
    assert world.run()["state"] == "done"


def test_what_another_worker_has_heard_of_has_happened(store: sa.Engine, now: datetime) -> None:
    """Whose pass began earlier, or whose clock is behind, must not let a run fall asleep for which nobody hears it again."""
    world = launched(store, now, PRAISED)
    world.now = now + 5 * SECOND
    world.event("review.posted", "mei", at=now + 4 * SECOND, rating=5)
    world.tick()
    world.now = now + 2 * SECOND
    world.event("order.paid", "mei", at=now + SECOND, total=10)
    world.tick()
    assert world.run()["state"] == "done"


def test_what_comes_while_a_pass_has_begun_is_in_its_window_and_counts(store: sa.Engine, now: datetime) -> None:
    world = launched(store, now, PRAISED)
    world.event("order.paid", "mei", at=now + 5 * SECOND, total=10)
    world.event("review.posted", "mei", at=now + 6 * SECOND, rating=5)
    world._tick.living(Hands(lambda: now + 7 * SECOND))
    world.tick_once()
    assert world.run()["state"] == "done"


def test_an_order_of_a_clock_that_is_ahead_counts_once_its_time_has_come(store: sa.Engine, now: datetime) -> None:
    world = launched(store, now, REGULAR)
    world.event("order.paid", "mei", at=now + 5 * SECOND, total=20000)
    world.tick()
    world.tick(now + 9 * SECOND)
    assert world.entered() == ["mei"]


def test_who_changes_again_while_members_are_enrolled_enters(postgres_store: sa.Engine, now: datetime) -> None:
    world = launched(postgres_store, now, REGULAR)
    world.event("order.paid", "mei", total=20000)
    come: list[bool] = []

    def changes(_connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if "INTO enrolments" in statement and not come:
            come.append(True)
            world.event("order.paid", "mei", total=1)

    sa.event.listen(postgres_store, "before_cursor_execute", changes)
    try:
        world.tick_once()
    finally:
        sa.event.remove(postgres_store, "before_cursor_execute", changes)
    world.tick()
    assert (come, world.entered()) == ([True], ["mei"])
