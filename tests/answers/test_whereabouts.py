"""What `why` says of a run that stands somewhere: its round, its way, its standstill, its series."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.answers.report import standings
from engine.answers.why import Why
from tests.shop import World, playbook

BODY = """
when: {event: order.paid}
suspend_while: [customer.open_complaints > 0]
do:
  - split:
      - {share: 90%, name: warm, do: [{tag: warm}]}
      - {share: 10%, name: brief, do: [{tag: brief}]}
  - repeat: 6 times
    do:
      - series: tips
        by: [email]
      - wait: 1 day
  - wait_first:
      - {event: review.posted}
      - {when: customer.tier is gold}
"""
FILES = {
    **playbook("p", BODY),
    "settings/series.yaml": "tips: [one, two]\n",
    **{f"messages/{name}/en.md": f"---\nsubject: {name}\n---\nText.\n" for name in ("one", "two")},
}


def said(world: World) -> str:
    """Everything that is said of Mei."""
    with world.store.connect() as connection:
        lines = Why(world.shop, world.shop.workspace.playbooks["p"])(connection, "mei", world.now)
    return "\n".join(line.text for line in lines)


def test_says_where_a_run_stands(sqlite_store: sa.Engine, now: datetime) -> None:
    world = World(sqlite_store, now, FILES)
    world.customers("mei", open_complaints=0)
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick_once()  # a tag is put on, which wakes the run once more
    world.tick_until(now + timedelta(days=2, hours=1))
    text = said(world)
    assert "round 3 of 6 of `repeat 6 times`" in text
    assert "had 2 of 2 messages of the series `tips`; nothing is left to say" in text
    assert "went the way `" in text
    world.customers("mei", open_complaints=1)
    world.tick()
    assert "stands still at `wait 1 day` since 2026-03-03 13:00: customer.open_complaints > 0" in said(world)
    world.customers("mei", open_complaints=0)
    world.tick()
    world.tick_until(now + timedelta(days=9))
    assert "stands at `wait_first` until it comes" in said(world)


def test_says_what_a_run_collects_and_what_joined_it(sqlite_store: sa.Engine, now: datetime) -> None:
    when = "when: {event: page.viewed, collect: {for: 30 minutes, at_most: 4 hours}}\nenter: once per 30 days\n"
    world = World(sqlite_store, now, playbook("p", f"{when}do:\n  - tag: seen\n"))
    world.customers("mei")
    world.tick()
    for minutes in (0, 10):
        world.now = now + timedelta(minutes=minutes)
        world.event("page.viewed", "mei", at=world.now, product="oolong", title="Oolong")
        world.tick()
    text = said(world)
    assert "collects further events until 2026-03-01 12:40" in text
    assert "collected\n" in text
    assert "joined the run of the occasion event-0001" in text
    with world.store.connect() as connection:
        (row,) = standings(connection)
    assert row.entered == 1


@pytest.mark.parametrize(
    ("brakes", "text"),
    [
        ("{entries: 1 per day}", "waits for a brake to let it begin; asked for a place from 2026-03-01 17:00 on"),
        ("{backlog: 1}", "is part of a backlog: it begins, or is left out, when somebody releases the playbook"),
    ],
)
def test_says_what_keeps_a_run_from_beginning(sqlite_store: sa.Engine, now: datetime, brakes: str, text: str) -> None:
    world = World(sqlite_store, now, playbook("p", "when: {event: order.paid}\ndo:\n  - tag: seen\n", brakes=brakes))
    world.customers("ann", "mei")
    world.tick()
    world.now = now + timedelta(hours=5)
    for who in ("ann", "mei"):
        world.event("order.paid", who, at=now + timedelta(hours=1), total=100)
    world.tick()
    assert text in said(world)


def test_says_from_when_an_occasion_counts_again(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\nenter: once per 1 day\ndo:\n  - tag: seen\n"
    world = World(store, now, playbook("p", body))
    world.customers("mei")
    world.tick()
    world.now = now + timedelta(hours=10)  # the pass sees it so much later
    world.event("order.paid", "mei", at=now + timedelta(hours=1), total=100)
    world.tick()
    with store.connect() as connection:
        lines = Why(world.shop, world.shop.workspace.playbooks["p"])(connection, "mei", world.now)
    values = [line.value for line in lines if line.text == "enter once per 1 day"]
    assert values == ["entered on 2026-03-01 22:00; may again from 2026-03-02 13:00"]
