"""Memberships kept by looking at what changed are those that a look at everybody gives, after any history."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.conditions import compile_where
from engine.store.ledger import memberships
from tests.shop import World, playbook

AUDIENCES = {
    "lapsed": "customer.orders_count >= 1\n    - customer.last_order_at before 30 days ago",
    "recent": "customer.last_order_at after 2 weeks ago or customer.created_at after 10 days ago",
    "never": "customer.last_order_at is empty\n    - not customer.birthday before today",
    "soon": "customer.member_until before 2026-04-10\n    - customer.member_until after today",
    "busy": "customer.orders_3_months >= 2\n    - customer.orders_3_months < 5",
    "falling": "customer.average_order_3_months < 70% of customer.average_order_previous_3_months",
    "nested": "customer in segment gold or customer.tags contains friend",
    "together": "customer.company_orders_12_months >= 3\n    - customer.company_average_order_12_months > 100",
    "companions": "customer.household_size >= 3",
    "overdue": "customer.order_overdue_at before now",
    "tea": "customer.tea_share > 40 or customer.tea_previous < 50% of customer.tea",
    "outside": "customer not in segment gold\n    - customer.spend_12_months > 100",
}
GOLD = "segment: gold\ntitle: Gold\nmatch:\n  - customer.tier is gold\n  - customer.last_order_at after 3 months ago\n"
CATALOGUE = """
extends: built-in
metrics:
  customer.tea: {sum: order_lines.amount, only: {category: [tea, matcha]}, over: 1 month}
  customer.tea_previous: {sum: order_lines.amount, only: {category: tea}, over: 1 month, ending: 1 month ago}
  customer.tea_share: {share_of: order_lines.amount, only: {category: tea}, over: 3 months}
"""
LINES = [
    {"product": "oolong", "category": "tea", "amount": 500},
    {"product": "matcha", "category": "matcha", "amount": 700},
    {"product": "cup", "amount": 600},
]
PEOPLE = [f"c{number:02}" for number in range(25)]


def _world(store: sa.Engine, now: datetime) -> World:
    files = {"segments/gold.yaml": GOLD, "settings/catalogue.yaml": CATALOGUE}
    for name, conditions in AUDIENCES.items():
        files |= playbook(name, f"when:\n  enters:\n    - {conditions}\nif_running: parallel\ndo:\n  - wait: 1 year\n")
    return World(store, now, files)


def _truth(world: World, name: str) -> set[str]:
    """Everybody, looked at now."""
    shop = world.shop
    tree = shop.workspace.playbooks[name].trigger.audience
    assert tree is not None
    compiled = compile_where(tree, shop.catalogue, shop.segments)
    statement = sa.select(shop.catalogue.customer_key).where(compiled.expression)
    with world.store.connect() as connection:
        return set(connection.scalars(statement, compiled.bind(world.now, shop.settings.zone)))


def _something_happens(world: World, chance: random.Random) -> None:
    who = chance.choice(PEOPLE)
    match chance.randrange(7):
        case 6:
            world.customers(
                who, company=chance.choice(["acme", "other", None]), household=chance.choice(["a", "b", None])
            )
        case 0:
            world.customers(who, tier=chance.choice(["gold", "silver", None]))
        case 1:
            world.customers(who, tags=["friend"])
        case 2:
            day = world.now.date() + timedelta(days=chance.randrange(-5, 40))
            world.customers(who, member_until=chance.choice([None, day]), birthday=chance.choice([None, day]))
        case _:
            back = chance.choice([0, 0, 1, 29, 30, 31, 89, 100, 400])
            at = world.now - timedelta(days=back, microseconds=chance.randrange(3))
            lines = chance.sample(LINES, chance.randrange(3))
            world.event("order.paid", who, at=at, total=chance.choice([50, 1000, 20_000]), lines=lines)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_kept_is_what_everybody_looked_at_gives(store: sa.Engine, seed: int) -> None:
    chance = random.Random(seed)
    world = _world(store, datetime(2026, 3, 1, 12, tzinfo=UTC))
    world.customers(*PEOPLE, member_until=date(2026, 4, 1))
    world.tick()
    for _ in range(12):
        for _ in range(chance.randrange(6)):
            _something_happens(world, chance)
        if chance.random() < 0.2:
            world.restart()
        following = world.now + timedelta(seconds=chance.choice([0, 1, 3600, 86400, 10 * 86400]))
        ahead = world._tick.next_at(world.now) if chance.random() < 0.5 else None
        world.tick(min(following, ahead) if ahead is not None else following)
        assert {name: world.members(name) for name in AUDIENCES} == {name: _truth(world, name) for name in AUDIENCES}


def test_nothing_changes_between_two_foretold_instants(store: sa.Engine) -> None:
    """`next_at` may not sleep through a change: right before it, everybody looked at gives what is kept."""
    chance = random.Random(5)
    world = _world(store, datetime(2026, 3, 1, 12, tzinfo=UTC))
    world.customers(*PEOPLE, member_until=date(2026, 4, 1))
    for _ in range(60):
        _something_happens(world, chance)
    world.tick()
    for _ in range(10):
        following = world._tick.next_at(world.now)
        if following is None:
            break
        world.now = following - timedelta(microseconds=1)
        assert {name: world.members(name) for name in AUDIENCES} == {name: _truth(world, name) for name in AUDIENCES}
        world.tick(following)


def test_entries_and_exits_are_counted_by_turns(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("gold", "when: {enters: [customer.tier is gold]}\ndo:\n  - tag: x"))
    for hour, tier in enumerate(["gold", "gold", "silver", "silver", "gold"]):
        world.now = now + timedelta(hours=hour)
        world.customers("mei", tier=tier)
        world.tick()
    (row,) = world.rows(memberships)
    assert (row["inside"], row["entries"], row["exits"]) == (True, 2, 1)
    assert row["changed_at"] == now + timedelta(hours=4)
