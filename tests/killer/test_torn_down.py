"""A server that is torn down forgets transactions that had come to nothing, and gives their numbers again."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.store.connect import connect, create
from tests.killer.stores import Postgres, running
from tests.shop import World, playbook

THANKS = playbook("thanks", "when: {event: parcel.received}\ndo:\n  - email: thanks\n", purpose="transactional")
CATALOGUE = {"settings/catalogue.yaml": "extends: built-in\nevents:\n  parcel.received: {fields: {order_id: text}}\n"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    with running("postgres", tmp_path) as (_, server):
        assert server is not None
        yield server


def _come_to_nothing(store: sa.Engine, times: int) -> None:
    """Numbers are given out, and nothing of it is written down."""
    for _ in range(times):
        with store.connect() as connection:
            connection.exec_driver_sql("SELECT pg_current_xact_id()")
            connection.rollback()


def test_what_a_program_remembers_of_a_server_that_was_torn_down_hides_no_event(
    server: Postgres, now: datetime
) -> None:
    store = connect(server.url)
    create(store)
    world = World(store, now, THANKS | CATALOGUE)
    world.customers("mei")
    world.tick()
    _come_to_nothing(store, 50)
    assert world.tick_once().idle  # evaluated up to here, which is remembered and not written
    server.restart()
    world.event("parcel.received", "mei")
    _come_to_nothing(store, 100)
    world.tick_once()
    assert world.entered() == ["mei"]
    store.dispose()
