"""A disk that is full, and a store that others lock: nothing goes that is not on record, and the work resumes alone."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.store.connect import connect
from engine.store.ledger import outbox
from tests.shop import World, playbook

FILES = playbook("hello", "when: {event: order.paid}\ndo:\n  - email: hello")
MANY = 60


@pytest.fixture
def world(sqlite_store: sa.Engine, now: datetime) -> World:
    world = World(sqlite_store, now, FILES)
    world.customers(*(f"c{n}" for n in range(MANY)))
    world.tick()
    for n in range(MANY):
        world.event("order.paid", f"c{n}", total=100)
    return world


def limited(world: World, pages: int) -> None:
    """As many pages as there are, and a few more; the limit is the connection's own."""
    with world.store.connect().execution_options(reading=True) as connection:
        count = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={count + pages}")


def went(world: World) -> Counter[str]:
    return Counter(letter.recipient for letter in world.record.letters)


@pytest.mark.parametrize("pages", [0, 1, 2, 3, 4])
def test_on_a_full_disk_nothing_goes_that_is_not_on_record(world: World, pages: int) -> None:
    limited(world, pages)
    with pytest.raises(sa.exc.OperationalError, match="full"):
        world.tick_once()
    recorded = {row["state"] for row in world.messages() if f"{row['customer_id']}@example.com" in went(world)}
    assert recorded <= {"sending", "sent", "uncertain"}
    limited(world, 1 << 20)
    for _ in range(3):
        world.now += timedelta(minutes=12)  # what was in hand is taken back when its lease is over
        world.tick_once()
    states = Counter(row["state"] for row in world.messages())
    assert sum(states.values()) == MANY
    assert set(went(world).values()) <= {1}
    assert len(went(world)) == states["sent"] + states["uncertain"] + states["assumed_sent"]


def test_a_store_that_is_locked_is_tried_again(world: World) -> None:
    with world.store.connect().execution_options(reading=True) as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=10")
    other = connect(str(world.store.url))
    with other.begin(), pytest.raises(sa.exc.OperationalError, match="locked"):
        world.tick_once()
    other.dispose()
    assert world.record.letters == []
    world.tick_once()
    assert set(went(world).values()) == {1}
    assert len(went(world)) == MANY
    with world.store.connect() as connection:
        assert {row.state for row in connection.execute(sa.select(outbox))} == {"sent"}
