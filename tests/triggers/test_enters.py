"""enters: one run each time a customer begins to match, by what happened or by time alone."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.shop import World, playbook

LAPSED = """
when:
  enters:
    - customer.orders_count >= 1
    - customer.last_order_at before 90 days ago
do:
  - tag: lapsed
"""
GOLD = """
when:
  enters:
    - customer.tier is gold
  existing: %s
if_running: parallel
do:
  - tag: seen
"""


def test_time_alone_lets_customers_enter_at_the_exact_instant(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("win-back", LAPSED))
    world.customers("mei")
    world.event("order.paid", "mei", at=now, total=100)
    world.tick()
    world.tick(now + timedelta(days=90))  # `before` is strict
    assert world.entered() == []
    world.tick(now + timedelta(days=90, microseconds=1))
    assert world.entered() == ["mei"]


def test_the_next_crossing_is_foretold(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("win-back", LAPSED))
    world.customers("mei")
    world.event("order.paid", "mei", at=now, total=100)
    world.tick()
    world.tick_until(now + timedelta(days=91))
    assert world.run()["fired_at"] == now + timedelta(days=90, microseconds=1)


def test_whoever_matches_on_the_day_of_launch_is_skipped_or_included(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, {**playbook("skips", GOLD % "skip"), **playbook("includes", GOLD % "include")})
    world.customers("mei", tier="gold")
    world.customers("tom", tier="silver")
    world.tick()
    assert [(row["playbook"], row["customer_id"]) for row in world.runs()] == [("includes", "mei")]
    assert world.members("skips") == world.members("includes") == {"mei"}


def test_the_occasion_is_the_count_of_the_entry(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("gold", GOLD % "skip"))
    world.customers("mei", tier="gold")
    world.tick()
    for hour, tier in enumerate(["silver", "gold", "silver", "gold"], start=1):
        world.now = now + timedelta(hours=hour)
        world.customers("mei", tier=tier)
        world.tick()
    assert [(row["occasion"], row["fired_at"]) for row in world.runs()] == [
        ("2", now + timedelta(hours=2)),
        ("3", now + timedelta(hours=4)),
    ]


def test_a_change_that_does_not_matter_is_no_entry(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("gold", GOLD % "include"))
    world.customers("mei", tier="gold")
    world.tick()
    world.customers("mei", tier="gold", first_name="Mei")
    world.tick(now + timedelta(minutes=1))
    assert world.entered() == ["mei"]


@pytest.mark.parametrize("condition", ["vip", "[customer in segment vip]"])
def test_a_segment_is_an_audience(store: sa.Engine, now: datetime, condition: str) -> None:
    segment = {"segments/vip.yaml": "segment: vip\ntitle: Guests\nmatch:\n  - customer.tags contains guest\n"}
    world = World(store, now, {**playbook("vips", f"when: {{enters: {condition}}}\ndo:\n  - email: hello"), **segment})
    world.customers("mei")
    world.tick()
    world.customers("mei", tags=["guest"])
    world.tick(now + timedelta(minutes=1))
    assert world.entered() == ["mei"]


def test_a_tag_that_a_playbook_puts_lets_the_customer_enter_another(store: sa.Engine, now: datetime) -> None:
    first = playbook("first", "when: {event: order.paid}\ndo:\n  - tag: bought")
    second = playbook("second", "when: {enters: [customer.tags contains bought]}\ndo:\n  - email: hello")
    world = World(store, now, {**first, **second})
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.now += timedelta(minutes=1)
    world.tick_once()
    world.tick(world.now + timedelta(seconds=1))
    assert [row["playbook"] for row in world.runs()] == ["first", "second"]


def test_a_metric_forgets_orders_as_its_window_moves(store: sa.Engine, now: datetime) -> None:
    body = "when: {enters: [customer.orders_3_months == 0, customer.orders_count >= 1]}\ndo:\n  - tag: quiet"
    world = World(store, now, playbook("quiet", body))
    world.customers("mei")
    world.event("order.paid", "mei", at=now, total=100)
    world.tick()
    world.tick_until(datetime(2026, 6, 2, tzinfo=now.tzinfo))
    assert world.run()["fired_at"] == datetime(2026, 6, 1, 12, tzinfo=now.tzinfo)


def test_an_event_that_a_metric_counts_lets_a_customer_enter_at_once(store: sa.Engine, now: datetime) -> None:
    files = playbook("praised", "when: {enters: [customer.praise >= 4]}\ndo:\n  - tag: praised")
    metric = "customer.praise: {max: review.posted.rating, over: 7 days}"
    files["settings/catalogue.yaml"] = f"extends: built-in\nmetrics:\n  {metric}\n"
    world = World(store, now, files)
    world.customers("mei")
    world.tick()
    world.event("review.posted", "mei", rating=5)
    world.tick(now + timedelta(minutes=1))
    assert world.entered() == ["mei"]
    world.tick(now + timedelta(minutes=2))
    assert world.entered() == ["mei"]
    world.tick(now + timedelta(days=8))
    assert world.members("praised") == set()
