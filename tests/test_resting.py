"""Faults of one playbook: it rests by itself, and stops nobody else."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.resting import Resting
from tests.shop import World, playbook

SECOND = timedelta(seconds=1)

CATALOGUE = """
customers: {table: customers, key: id, timezone: timezone, language: language, position: position}
tables:
  visits: {customer: customer_id, key: id, time: at}
customer:
  email: {text: customers.email}
  tier: {choice: [bronze, gold], column: customers.tier}
events:
  shop.visited: {table: visits, fields: {pages: {number: visits.pages}}}
"""


def test_a_rest_grows_and_ends_with_success(now: datetime) -> None:
    resting = Resting()
    resting.failed("p", now)
    assert not resting.rests("p", now)
    resting.failed("p", now)
    assert resting.rests("p", now + SECOND)
    assert not resting.rests("p", now + 2 * SECOND)
    for _ in range(20):
        resting.failed("p", now)
    assert resting.rests("p", now + 59 * SECOND)
    assert not resting.rests("p", now + 60 * SECOND)
    assert not resting.rests("p", now - timedelta(days=1))
    resting.went_well("p")
    assert not resting.rests("p", now)


def test_a_column_that_is_gone_stops_only_the_playbook_that_needs_it(store: sa.Engine, now: datetime) -> None:
    files = {
        "settings/catalogue.yaml": CATALOGUE,
        **playbook("visits", "when: {event: shop.visited, where: [event.pages >= 3]}\ndo: [{tag: reader}]"),
        **playbook("gold", "when: {enters: [customer.tier is gold]}\ndo: [{tag: golden}]"),
    }
    kind = "TEXT" if store.dialect.name == "sqlite" else "timestamptz"
    try:
        with store.begin() as connection:
            connection.exec_driver_sql(
                f"CREATE TABLE visits (id TEXT PRIMARY KEY, customer_id TEXT, at {kind}, pages INTEGER)"
            )
        world = World(store, now, files)
        world.customers("mei")
        world.tick()
        with store.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE visits RENAME COLUMN at TO visited_at")
        world.customers("mei", tier="gold")
        report = world.patiently()
        assert {name for name, _ in report.faults} == {"visits", "*"}
        assert world.entered() == ["mei"]
        assert world.patiently().idle  # it rests
        world.now = now + 2 * SECOND
        assert {name for name, _ in world.patiently().faults} == {"visits", "*"}  # and is tried again
        with store.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE visits RENAME COLUMN visited_at TO at")
        world.now = now + timedelta(minutes=2)
        assert not world.patiently().faults
    finally:
        with store.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS visits")
