"""Messages that come too late: after a standstill, and for those who join midway."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.shop import World, playbook

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

COUNTDOWN = """
    when: {event: order.paid}
    do:
      - wait_until: 30 days before customer.member_until
        at: 10:00
      - email: in-thirty-days
      - wait_until: 7 days before customer.member_until
        at: 10:00
      - email: in-seven-days
      - wait_until: 1 day before customer.member_until
        at: 10:00
      - email: tomorrow
"""


def world_of(store: sa.Engine, now: datetime, body: str, **keys: str) -> World:
    """A shop with one playbook, `mei`, and an order of hers."""
    world = World(store, now, playbook("one", body, **keys))
    world.tick()
    world.customers("mei", member_until=date(2026, 4, 30))
    return world


def told(world: World) -> list[tuple[str, str, str | None]]:
    """The messages in the order of their planning: which, its state and why."""
    return [(row["message"], row["state"], row["reason"]) for row in world.messages()]


def test_a_message_that_comes_too_late_is_left_out_and_the_run_goes_on(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\ndo: [{wait: 1 hour}, {email: hello}, {tag: told}]"
    world = world_of(store, now, body, max_lateness="12 hours")
    world.event("order.paid", "mei", total=10)
    world.tick()
    world.tick(now + 13 * HOUR)
    assert told(world) == [("hello", "expired", "it would come too late")]
    assert world.run()["state"] == "done"


def test_a_message_in_time_goes_however_long_the_standstill_was(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\ndo: [{wait: 1 hour}, {email: hello}]"
    world = world_of(store, now, body, max_lateness="12 hours")
    world.event("order.paid", "mei", total=10)
    world.tick()
    world.tick(now + 12 * HOUR)
    assert told(world) == [("hello", "sent", None)]


@pytest.mark.parametrize("late", ["send", "only the latest"])
def test_a_single_late_message_goes_where_the_playbook_wants_it(store: sa.Engine, now: datetime, late: str) -> None:
    body = "when: {event: order.paid}\ndo: [{wait: 1 hour}, {email: hello}]"
    world = world_of(store, now, body, late=late, max_lateness="12 hours")
    world.event("order.paid", "mei", total=10)
    world.tick()
    world.tick(now + 30 * DAY)
    assert told(world) == [("hello", "sent", None)]


def test_a_step_has_the_last_word(store: sa.Engine, now: datetime) -> None:
    body = """
        when: {event: order.paid}
        do:
          - wait: 1 hour
          - {email: strict, late: skip, max_lateness: 1 hour}
          - {email: easy, max_lateness: 2 days}
    """
    world = world_of(store, now, body, late="send")
    world.event("order.paid", "mei", total=10)
    world.tick()
    world.tick(now + 2 * HOUR + HOUR)
    assert [state for _, state, _ in told(world)] == ["expired", "sent"]


def test_an_occasion_that_is_seen_late_makes_its_message_late(store: sa.Engine, now: datetime) -> None:
    world = world_of(store, now, "when: {event: order.paid}\ndo: [{email: hello}]", max_lateness="1 hour")
    world.event("order.paid", "mei", at=now - 2 * HOUR, total=10)
    world.tick()
    assert told(world) == [("hello", "expired", "it would come too late")]


def test_without_words_of_its_own_the_shop_s_catch_up_is_the_limit(store: sa.Engine, now: datetime) -> None:
    world = world_of(
        store, now, "when: {event: order.paid}\ndo: [{wait: 1 hour}, {email: a}, {wait: 1 hour}, {email: b}]"
    )
    world.event("order.paid", "mei", total=10)
    world.tick()
    world.tick(now + HOUR + 3 * DAY - timedelta(minutes=1))
    world.tick(now + 2 * HOUR + 7 * DAY)
    assert [state for _, state, _ in told(world)] == ["sent", "expired"]


def test_waiting_for_the_send_window_is_not_lateness(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\ndo: [{wait: 10 hours}, {email: hello}]"
    world = world_of(store, now, body, send_window="09:00-21:00", max_lateness="1 hour")
    world.event("order.paid", "mei", total=10)
    world.tick()
    world.tick(now + 10 * HOUR)  # ten in the evening
    world.tick(datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert told(world) == [("hello", "sent", None)]


def test_a_planned_message_that_cannot_leave_in_time_expires(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\ndo: [{wait: 10 hours}, {email: hello}]"
    world = world_of(store, now, body, send_window="09:00-21:00", max_lateness="1 hour")
    world.event("order.paid", "mei", total=10)
    world.tick()
    world.tick(now + 10 * HOUR)
    world.tick(datetime(2026, 3, 2, 10, tzinfo=UTC))
    assert [state for _, state, _ in told(world)] == ["expired"]


def test_who_joins_midway_gets_the_latest_rung_only(store: sa.Engine) -> None:
    world = world_of(
        store, datetime(2026, 4, 25, 12, tzinfo=UTC), COUNTDOWN, late="only the latest", max_lateness="12 hours"
    )
    world.event("order.paid", "mei", total=10)
    world.tick()
    overtaken = "a later one goes in its place"
    assert told(world) == [("in-thirty-days", "skipped", overtaken), ("in-seven-days", "sent", None)]
    world.tick(datetime(2026, 4, 29, 10, tzinfo=UTC))
    assert told(world)[2:] == [("tomorrow", "sent", None)]


def test_a_late_rung_gives_way_to_one_that_is_in_time(store: sa.Engine) -> None:
    world = world_of(
        store, datetime(2026, 4, 29, 11, tzinfo=UTC), COUNTDOWN, late="only the latest", max_lateness="12 hours"
    )
    world.event("order.paid", "mei", total=10)
    world.tick()
    assert [state for _, state, _ in told(world)] == ["skipped", "skipped", "sent"]


@pytest.mark.parametrize(
    ("late", "states"),
    [
        ("skip", ["expired", "expired", "sent"]),
        ("send", ["sent", "sent", "sent"]),
        ("only the latest", ["skipped", "skipped", "sent"]),
    ],
)
def test_a_standstill_over_several_rungs(store: sa.Engine, late: str, states: list[str]) -> None:
    world = world_of(store, datetime(2026, 3, 1, 12, tzinfo=UTC), COUNTDOWN, late=late, max_lateness="12 hours")
    world.event("order.paid", "mei", total=10)
    world.tick()
    world.tick(datetime(2026, 4, 29, 12, tzinfo=UTC))
    assert [state for _, state, _ in told(world)] == states


def test_messages_of_one_rung_stay_together(store: sa.Engine) -> None:
    body = COUNTDOWN.replace("- email: in-seven-days", "- email: in-seven-days\n      - email: the-way-there")
    body = body[: body.index("- wait_until: 1 day")]
    world = world_of(
        store, datetime(2026, 4, 27, 12, tzinfo=UTC), body, late="only the latest", max_lateness="12 hours"
    )
    world.event("order.paid", "mei", total=10)
    world.tick()
    assert [state for _, state, _ in told(world)] == ["skipped", "sent", "sent"]


def test_a_past_moment_does_not_make_older_events_count(store: sa.Engine, now: datetime) -> None:
    body: Any = """
        when: {event: order.paid}
        do:
          - wait_until: 90 days before customer.member_until
          - wait_for: review.posted
            within: 1 day
            then: [{tag: reviewed}]
    """
    world = world_of(store, now, body)
    world.event("review.posted", "mei", at=now - 5 * DAY, rating=5)
    world.event("order.paid", "mei", total=10)
    world.tick()
    assert world.run()["state"] == "running"
