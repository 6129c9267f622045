"""choose: the first branch that holds, then on after the block."""

from datetime import datetime, timedelta
from textwrap import indent

import pytest
import sqlalchemy as sa

from engine.store.customers import customer_tags, vouchers
from tests.actions.worlds import after
from tests.shop import World, playbook

STEPS = """
- choose:
    - if: [customer.tier is gold]
      do:
        - tag: gold
    - if: [event.total >= 100]
      do:
        - choose:
            - if: [customer.first_name is Mei]
              do:
                - tag: large-and-known
            - else:
                - tag: large
    - else:
        - tag: other
- tag: end
"""


@pytest.mark.parametrize(
    ("customer", "tags"),
    [
        ({"tier": "gold"}, {"gold", "end"}),
        ({"tier": "silver"}, {"large", "end"}),
        ({"first_name": "Mei"}, {"large-and-known", "end"}),
    ],
)
def test_the_first_branch_that_holds(
    sqlite_store: sa.Engine, now: datetime, customer: dict[str, str], tags: set[str]
) -> None:
    world = after(sqlite_store, now, STEPS, **customer)
    assert {row["tag"] for row in world.rows(customer_tags)} == tags


def test_no_branch_at_all_is_no_mistake(sqlite_store: sa.Engine, now: datetime) -> None:
    steps = "- choose:\n    - if: [customer.tier is gold]\n      do:\n        - tag: gold\n- tag: end"
    world = after(sqlite_store, now, steps)
    assert {row["tag"] for row in world.rows(customer_tags)} == {"end"}


def test_a_segment_is_looked_into(sqlite_store: sa.Engine, now: datetime) -> None:
    segment = (
        "segment: known\ntitle: Known\nmatch:\n  - customer.first_name is Mei\n  - customer.tags contains friend\n"
    )
    body = "when: {event: order.paid}\ndo:\n  - choose:\n      - if: [customer in segment known]\n        do:\n          - tag: x"
    world = World(sqlite_store, now, {**playbook("p", body), "segments/known.yaml": segment})
    world.customers("mei", first_name="Mei", tags=["friend"])
    world.tick()
    world.event("order.paid", "mei", total=1)
    world.tick()
    assert {row["tag"] for row in world.rows(customer_tags)} == {"friend", "x"}


GIVES = """
- choose:
    - if: [customer.tier is gold]
      do:
        - voucher: gift
          as: coupon
          expires: 30 days
    - else:
        - voucher: gift
          as: coupon
          expires: 10 days
- wait_until: 7 days before coupon.expires_at
- email: reminder
- choose:
    - if: coupon.state is issued
      do:
        - undo: coupon
"""
REMINDER = {"messages/reminder/en.md": "---\nsubject: Use {{ coupon.code }}\n---\nUse {{ coupon.code }}.\n"}


@pytest.mark.parametrize(("tier", "days"), [("gold", 23), ("silver", 3)])
def test_what_every_branch_gives_is_found_after_them(store: sa.Engine, now: datetime, tier: str, days: int) -> None:
    body = "when: {event: order.paid}\ndo:" + indent(GIVES, "  ")
    world = World(store, now, {**playbook("p", body, topic="offers"), **REMINDER})
    world.customers("mei", tier=tier)
    world.tick()
    world.event("order.paid", "mei", total=1)
    world.tick()
    world.tick(now + timedelta(days=days, minutes=-1))
    assert world.mails() == []
    world.tick(now + timedelta(days=days))
    (given,) = world.rows(vouchers)
    assert world.mails() == [("mei@example.com", f"Use {given['code']}")]
    assert given["state"] == "taken_back"
