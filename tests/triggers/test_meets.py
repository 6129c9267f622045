"""`meets:`: what happened to a product begins a run for everybody on whose list it stands."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.store.dialect import next_position
from engine.store.goods import goods_events, wishes
from tests.shop import World, playbook

BACK = playbook(
    "back",
    """
    when:
      event: product.back_in_stock
      meets: wishes
      where:
        - wish.at after 90 days ago
        - customer.open_complaints is 0
    do:
      - email: back
    """,
)
TEXT = {
    "messages/back/en.md": "---\nsubject: Now {{ event.title }} is back\n---\nOn your list since {{ wish.at | date }}.\n"
}


def _wish(world: World, who: str, product: str, at: datetime) -> None:
    world.write(sa.insert(wishes).values(customer_id=who, product=product, at=at))


def _back(world: World, product: str, key: str) -> None:
    row = {"id": key, "name": "product.back_in_stock", "product": product, "occurred_at": world.now}
    payload = {"product": product, "title": product.title()}
    with world.store.begin() as connection:
        connection.execute(sa.insert(goods_events).values(**row, payload=payload, position=next_position(connection)))


def test_those_who_wait_for_the_product_are_told(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, {**BACK, **TEXT})
    world.customers("mei", "tom", "old")
    world.tick()
    _wish(world, "mei", "oolong", now - timedelta(days=3))
    _wish(world, "tom", "jasmine", now)
    _wish(world, "old", "oolong", now - timedelta(days=100))
    _back(world, "oolong", "e1")
    world.tick()
    assert [(row["customer_id"], row["occasion"], row["key"]) for row in world.runs()] == [("mei", "e1", "oolong")]
    assert world.mails() == [("mei@example.com", "Now Oolong is back")]
    assert b"26 February 2026" in world.record.letters[0].content or b"Feb" in world.record.letters[0].content


def test_two_products_are_two_runs_and_a_wish_after_the_event_is_too_late(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, {**BACK, **TEXT})
    world.customers("mei")
    world.tick()
    _wish(world, "mei", "oolong", now)
    _wish(world, "mei", "jasmine", now)
    _back(world, "oolong", "e1")
    _back(world, "jasmine", "e2")
    _back(world, "sencha", "e3")
    world.tick()
    _wish(world, "mei", "sencha", now)
    world.tick(now + timedelta(minutes=1))
    assert sorted(row["occasion"] for row in world.runs()) == ["e1", "e2"]
