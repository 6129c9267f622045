"""event: one run for each event, whenever it is recorded."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from tests.shop import World, playbook

THANKS = playbook(
    "thanks",
    """
    when:
      event: order.paid
      where:
        - event.total >= 300
    do:
      - email: thanks
    """,
)


def test_each_event_that_matches_begins_a_run(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("thanks", "when: {event: order.paid}\nif_running: parallel\ndo: [wait: 1 day]"))
    world.customers("mei")
    world.tick()
    first, second = (world.event("order.paid", "mei", total=100) for _ in range(2))
    world.tick()
    assert [(row["occasion"], row["event_id"], row["fired_at"]) for row in world.runs()] == [
        (first, first, now),
        (second, second, now),
    ]


def test_where_chooses_events_by_their_fields(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, THANKS)
    world.customers("mei", "tom")
    world.tick()
    world.event("order.paid", "mei", total=29_999)
    world.event("order.paid", "tom", total=30_000)
    world.tick()
    assert world.entered() == ["tom"]


def test_events_from_before_the_launch_begin_nothing(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, THANKS)
    world.customers("mei")
    world.event("order.paid", "mei", total=30_000)
    world.tick()
    world.tick(now + timedelta(minutes=1))
    assert world.runs() == []


def test_an_event_that_is_recorded_late_still_begins_a_run(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, THANKS)
    world.customers("mei")
    world.tick()
    world.now = now + timedelta(days=2)
    world.tick()
    world.event("order.paid", "mei", at=now + timedelta(minutes=1), total=30_000)
    world.tick()
    assert world.run()["fired_at"] == now + timedelta(minutes=1)


def test_an_imported_history_writes_to_nobody(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, THANKS)
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", at=now - timedelta(days=4), total=30_000)
    world.tick()
    assert world.runs() == []


def test_the_same_event_recorded_again_is_the_same_occasion(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, THANKS)
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", id="o1", total=30_000)
    world.tick()
    world.event("order.paid", "mei", id="o1", total=40_000)  # the shop corrects the order: its row changes
    world.tick(now + timedelta(minutes=1))
    assert [row["occasion"] for row in world.runs()] == ["o1"]


def test_an_event_without_a_table_of_its_own_is_found_by_its_name(store: sa.Engine, now: datetime) -> None:
    body = """
    when:
      event: review.posted
      where:
        - event.rating >= 4
    do:
      - email: thank-you
    """
    world = World(store, now, playbook("reviews", body))
    world.customers("mei", "tom", "ana")
    world.tick()
    world.event("review.posted", "mei", rating=5)
    world.event("review.posted", "tom", rating=3)
    world.event("complaint.opened", "ana", subject="late")
    world.tick()
    assert world.entered() == ["mei"]
