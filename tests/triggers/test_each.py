"""`each:`: every line of an order begins a run of its own."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.store.customers import order_lines
from tests.shop import World, playbook

REVIEW = playbook(
    "review",
    """
    when:
      event: order.paid
      where:
        - line.amount >= 20
        - event.total >= 50
      each: event.lines
    do:
      - wait: 3 days
      - email: review
    """,
)
TEXT = {"messages/review/en.md": "---\nsubject: How is {{ line.product }}?\n---\nIt was {{ line.amount | money }}.\n"}


def _order(world: World, key: str, *lines: tuple[str, int]) -> None:
    world.event("order.paid", "mei", id=key, total=10_000)
    world.write(
        *(
            sa.insert(order_lines).values(
                order_id=key, line=number, product=product, category="tea", quantity=1, amount=amount
            )
            for number, (product, amount) in enumerate(lines, 1)
        )
    )


def test_each_line_that_matches_is_a_run_and_its_text_speaks_of_it(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, {**REVIEW, **TEXT})
    world.customers("mei")
    world.tick()
    _order(world, "o1", ("oolong", 6000), ("spoon", 500), ("jasmine", 3500))
    world.tick()
    assert [(row["occasion"], row["event_id"]) for row in world.runs()] == [("o1/1", "o1"), ("o1/3", "o1")]
    world.tick(now + timedelta(days=3))
    assert sorted(world.mails()) == [
        ("mei@example.com", "How is jasmine?"),
        ("mei@example.com", "How is oolong?"),
    ]


def test_a_limit_without_a_key_is_one_of_the_customer(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid, each: event.lines}\ndo: [tag: seen]"
    world = World(store, now, playbook("p", body, enter="once per 30 days"))
    world.customers("mei")
    world.tick()
    _order(world, "o1", ("oolong", 6000), ("jasmine", 3500))
    world.tick()
    assert world.states() == [("mei", "done"), ("mei", "refused")]


def test_a_key_can_be_the_product_of_the_line(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid, each: event.lines}\ndo: [tag: seen]"
    world = World(store, now, playbook("p", body, key="line.product", enter="once per 30 days"))
    world.customers("mei")
    world.tick()
    _order(world, "o1", ("oolong", 6000), ("jasmine", 3500))
    world.tick()
    world.now = now + timedelta(days=1)
    _order(world, "o2", ("oolong", 6000), ("sencha", 3500))
    world.tick()
    assert [(row["key"], row["state"]) for row in world.runs()] == [
        ("oolong", "done"),
        ("jasmine", "done"),
        ("oolong", "refused"),
        ("sencha", "done"),
    ]
