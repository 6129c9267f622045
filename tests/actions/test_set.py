"""set: fields of the customer, and who enters because of them."""

from datetime import date, datetime

import sqlalchemy as sa

from engine.store.customers import customers
from tests.actions.worlds import after
from tests.shop import World, playbook


def test_writes_a_field(store: sa.Engine, now: datetime) -> None:
    world = after(
        store, now, "- set: customer.tier\n  to: gold\n- set: customer.birthday\n  to: 1990-02-03", tier="silver"
    )
    (row,) = world.rows(customers)
    assert (row["tier"], row["birthday"]) == ("gold", date(1990, 2, 3))


def test_takes_a_value_away(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, "- set: customer.tier\n  to: empty", tier="silver")
    assert world.rows(customers)[0]["tier"] is None


def test_later_steps_see_it_at_once(store: sa.Engine, now: datetime) -> None:
    steps = """
- set: customer.tier
  to: gold
- choose:
    - if: customer.tier is gold
      do: [{stop: saw it}]
"""
    assert after(store, now, steps, tier="silver").run()["reason"] == "saw it"


def test_who_matches_now_enters_elsewhere(store: sa.Engine, now: datetime) -> None:
    gold = playbook("gold", "when: {enters: [customer.tier is gold]}\ndo: [{tag: greeted}]\n")
    rise = playbook("rise", "when: {event: order.paid}\ndo: [{set: customer.tier, to: gold}]\n")
    world = World(store, now, {**gold, **rise})
    world.customers("mei", "tom", tier="silver")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick_once()
    world.tick()
    assert [(row["playbook"], row["customer_id"]) for row in world.runs()] == [("rise", "mei"), ("gold", "mei")]
