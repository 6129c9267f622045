"""suspend_while: the run stands still, its waits of a length are moved on, and what it planned waits with it."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.shop import World, playbook

BODY = """
when: {event: order.paid}
suspend_while: [customer.open_complaints > 0]
if_complaint: send
do:
  - wait: 2 days
  - email: hello
"""
DAY = timedelta(days=1)


def begun(store: sa.Engine, now: datetime, body: str = BODY, **keys: str) -> World:
    """Mei has paid, and her run waits."""
    world = World(store, now, playbook("p", body, **keys))
    world.customers("mei", open_complaints=0)
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    return world


def complains(world: World, at: datetime, number: int) -> None:
    """From now on Mei has so many open complaints."""
    world.now = at
    world.customers("mei", open_complaints=number)
    world.tick()


def test_the_wait_is_moved_on_by_the_standstill(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    complains(world, now + DAY, 1)
    assert world.run()["suspended_at"] == now + DAY
    world.tick_until(now + 5 * DAY)
    assert world.messages() == []
    complains(world, now + 5 * DAY, 0)
    assert (world.run()["suspended_at"], world.run()["due_at"]) == (None, now + 6 * DAY)
    world.tick_until(now + 7 * DAY)
    assert world.message()["sent_at"] == now + 6 * DAY


def test_a_run_that_begins_meanwhile_waits_at_its_first_step(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", BODY.replace("  - wait: 2 days\n", "")))
    world.customers("mei", open_complaints=1)
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    assert (world.run()["state"], world.messages()) == ("running", [])
    complains(world, now + 5 * DAY, 0)
    assert world.message()["sent_at"] == now + 5 * DAY


def test_what_was_planned_waits_and_does_not_come_too_late(store: sa.Engine, now: datetime) -> None:
    body = BODY.replace("  - wait: 2 days\n", "") + "  - wait: 10 days\n"
    world = begun(store, now, body, send_window="20:00-21:00")
    assert world.message()["state"] == "planned"
    complains(world, now + timedelta(hours=1), 1)
    world.tick_until(now + 5 * DAY)
    assert world.message()["reason"] == "the run stands still"
    complains(world, now + 5 * DAY, 0)
    world.tick_until(now + 6 * DAY)
    assert (world.message()["state"], world.message()["sent_at"]) == ("sent", now + 5 * DAY + timedelta(hours=8))


def test_what_stops_the_run_stops_it_all_the_same(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now, "\nstop_when: [event: review.posted]" + BODY)
    complains(world, now + DAY, 1)
    world.event("review.posted", "mei", rating=1)
    world.tick()
    assert world.run()["state"] == "stopped"


def test_a_standstill_that_time_alone_ends(store: sa.Engine, now: datetime) -> None:
    body = BODY.replace("customer.open_complaints > 0", "customer.created_at after 1 day ago")
    world = begun(store, now, body)
    world.tick_until(now + 10 * DAY)
    assert abs(world.message()["sent_at"] - (now + 3 * DAY)) < timedelta(minutes=1)


VOUCHER = """
when: {event: order.paid}
suspend_while: [customer.open_complaints > 0]
if_complaint: send
do:
  - {voucher: gift, as: gift, expires: 11 days}
  - wait_until: 2 days before gift.expires_at
  - email: two-days-left
"""


def test_a_moment_bound_to_a_date_stays_where_it_is(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now, VOUCHER)
    complains(world, now + 4 * DAY, 1)
    complains(world, now + 6 * DAY, 0)
    assert (world.run()["due_at"], world.run()["resume_at"]) == (now + 9 * DAY, now + 9 * DAY)
    world.tick_until(now + 20 * DAY)
    assert world.message()["sent_at"] == now + 9 * DAY


@pytest.mark.parametrize(("rules", "state"), [({"max_lateness": "1 day"}, "expired"), ({"late": "send"}, "sent")])
def test_what_a_standstill_has_outlasted_is_late(
    store: sa.Engine, now: datetime, rules: dict[str, str], state: str
) -> None:
    world = begun(store, now, VOUCHER, **rules)
    complains(world, now + 4 * DAY, 1)
    complains(world, now + 12 * DAY, 0)
    assert (world.message()["state"], world.run()["state"]) == (state, "done")
    assert world.message()["sent_at"] in (None, now + 12 * DAY)


def test_a_length_after_it_is_moved_on_all_the_same(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now, VOUCHER + "  - wait: 3 days\n  - email: afterwards\n")
    world.tick_until(now + 10 * DAY)
    complains(world, now + 10 * DAY, 1)
    complains(world, now + 15 * DAY, 0)
    world.tick_until(now + 30 * DAY)
    assert world.message(message="afterwards")["sent_at"] == now + 17 * DAY


def test_a_standstill_that_time_alone_begins(store: sa.Engine, now: datetime) -> None:
    body = BODY.replace("customer.open_complaints > 0", "customer.member_until before today").replace(
        "2 days", "30 days"
    )
    world = World(store, now, playbook("p", body))
    world.customers("mei", member_until=(now + 10 * DAY).date())
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    over = datetime(2026, 3, 12, tzinfo=UTC)  # the day after
    assert world.run()["due_at"] == over
    world.tick_until(now + 25 * DAY)
    assert world.run()["suspended_at"] == over
    world.now = over + 20 * DAY
    world.customers("mei", member_until=(now + 400 * DAY).date())
    world.tick()
    world.tick_until(now + 60 * DAY)
    assert world.message()["sent_at"] == now + 50 * DAY
