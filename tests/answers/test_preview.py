"""How many a preview says that a playbook concerns: over the whole stretch, however little a standstill is made up for."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.answers.preview import Preview
from engine.store.ingest.owned import put_reservations
from tests.shop import World, playbook


@pytest.mark.parametrize("lead", ["2 hours", "1 day"])
def test_the_reservations_of_a_month_are_counted(store: sa.Engine, now: datetime, lead: str) -> None:
    world = World(
        store, now, playbook("visit", f"when: {{date: reservation.starts_at, lead: {lead}}}\ndo: [tag: told]")
    )
    world.customers("mei", "tom")
    days = {"soon": 2, "later": 12, "latest": 28, "out": 40}
    with store.begin() as connection:
        rows = [
            {
                "id": name,
                "customer_id": "mei",
                "starts_at": now + timedelta(days=day),
                "state": "booked",
                "made_at": now,
            }
            for name, day in days.items()
        ]
        assert not put_reservations(connection, rows, now).rejected
    (found,) = world.shop.workspace.playbooks.values()
    with store.connect().execution_options(reading=True) as connection:
        told = [*Preview(world.shop, found).audience(connection, now)]
    assert told == ["3 customers have their day in the next 30 days"]


@pytest.mark.parametrize(
    ("once", "told"),
    [
        (
            "2025-01-01 10:00",
            [
                "fires once, at 2025-01-01 10:00 by the customers' own clocks: past everywhere, a launch from now on reaches "
                "nobody",
                "0 customers have it ahead of them, 3 behind them",
            ],
        ),
        (
            "2026-03-01 16:00",
            [
                "fires once, at 2026-03-01 16:00 by the customers' own clocks: past in 1 of 2 zones, which a launch from now on "
                "does not reach",
                "2 customers have it ahead of them, 1 behind them",
            ],
        ),
        (
            "2027-06-01 10:00",
            [
                "fires once, at 2027-06-01 10:00 by the customers' own clocks",
                "3 customers have it ahead of them, 0 behind them",
            ],
        ),
    ],
)
def test_a_single_moment_is_told_also_where_it_is_past(
    store: sa.Engine, now: datetime, once: str, told: list[str]
) -> None:
    world = World(store, now, playbook("one", f"when: {{once: {once}}}\ndo: [tag: told]"))
    world.customers("mei", timezone="Asia/Shanghai")
    world.customers("tom", "ann")
    (found,) = world.shop.workspace.playbooks.values()
    with store.connect().execution_options(reading=True) as connection:
        assert [*Preview(world.shop, found).audience(connection, now)] == told


def test_a_single_moment_is_told_to_be_past_also_in_an_empty_store(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("one", "when: {once: 2025-01-01 10:00}\ndo: [tag: told]"))
    (found,) = world.shop.workspace.playbooks.values()
    with store.connect().execution_options(reading=True) as connection:
        first, second = Preview(world.shop, found).audience(connection, now)
    assert first.endswith("past everywhere, a launch from now on reaches nobody")
    assert second == "0 customers have it ahead of them, 0 behind them"


BRANCHES = """
when: {event: order.paid}
do:
  - choose:
      - if: customer.tier is gold
        do: [{voucher: gift, as: coupon, expires: 30 days}]
      - else: [{voucher: gift, as: coupon}]
  - email: reminder
"""


def test_what_all_branches_give_is_shown_in_the_messages_after_them(store: sa.Engine, now: datetime) -> None:
    text = {"messages/reminder/en.md": "---\nsubject: Use {{ coupon.code }}\n---\nUse it.\n"}
    world = World(store, now, {**playbook("p", BRANCHES, topic="offers"), **text})
    (found,) = world.shop.workspace.playbooks.values()
    with store.connect().execution_options(reading=True) as connection:
        shown = [*Preview(world.shop, found).messages(connection, None, None, now)]
    assert [one.content.subject for one in shown] == ["Use EXAMPLE-42"]
