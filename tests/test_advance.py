"""Advancing: runs go on from where they were, on the texts that they began with, and end for reasons on record."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import sqlalchemy as sa

from engine.store.customers import customers, vouchers
from engine.store.ledger import enrolments
from engine.tick import Tick
from tests.shop import SECRETS, World, playbook

PAID = "when: {event: order.paid}\n"


def _begun(store: sa.Engine, now: datetime, body: str, *more: dict[str, str], **customer: object) -> World:
    """A world in which Mei has just entered the playbook `p`."""
    world = World(store, now, {**playbook("p", body), **{name: text for one in more for name, text in one.items()}})
    world.customers("mei", **customer)
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    return world


# --- Revisions and states --------------------------------------------------------------------------------------------


def test_a_run_finishes_on_the_texts_that_it_began_with(store: sa.Engine, now: datetime) -> None:
    world = _begun(store, now, f"{PAID}do:\n  - wait: 2 days\n  - email: old")
    new = playbook("p", f"{PAID}do:\n  - tag: first\n  - wait: 9 days\n  - email: new")
    world.edit({**new, "messages/old/en.md": "---\nsubject: changed\n---\nAnother text.\n"})
    world.tick(now + timedelta(days=1))
    world.tick_until(now + timedelta(days=3))
    assert world.mails() == [("mei@example.com", "old")]
    assert world.states() == [("mei", "done")]


def test_a_playbook_that_is_paused_keeps_everybody_where_they_are(store: sa.Engine, now: datetime) -> None:
    body = f"{PAID}do:\n  - wait: 2 days\n  - email: hello"
    world = _begun(store, now, body)
    world.edit(playbook("p", body, status="paused"))
    world.event("order.paid", "mei", total=100)
    world.tick(now + timedelta(days=3))
    assert world.states() == [("mei", "running")]
    world.edit(playbook("p", body))
    world.tick(now + timedelta(days=3, hours=1))
    assert world.mails() == [("mei@example.com", "hello")]


def test_a_playbook_that_is_retired_lets_runs_finish_and_nobody_in(store: sa.Engine, now: datetime) -> None:
    body = f"{PAID}do:\n  - wait: 2 days\n  - email: hello"
    world = _begun(store, now, body)
    world.edit(playbook("p", body, status="retired"))
    world.customers("tom")
    world.event("order.paid", "tom", total=100)
    world.tick_until(now + timedelta(days=3))
    assert world.states() == [("mei", "done")]
    assert world.mails() == [("mei@example.com", "hello")]


def test_a_playbook_that_is_taken_away_loses_nobody(store: sa.Engine, now: datetime) -> None:
    body = f"{PAID}do:\n  - wait: 2 days\n  - email: hello"
    world = _begun(store, now, body)
    world.edit(playbook("other", "when: {every: monday}\ndo:\n  - tag: x"))
    world.tick(now + timedelta(days=1))
    assert ("mei", "running") in world.states()
    world.edit(playbook("p", body))
    world.tick_until(now + timedelta(days=3))
    assert world.mails() == [("mei@example.com", "hello")]


def test_a_run_whose_customer_is_gone_ends(store: sa.Engine, now: datetime) -> None:
    world = _begun(store, now, "when: {every: day, at: 13:00}\ndo:\n  - wait: 2 days\n  - tag: x")
    world.tick(now + timedelta(hours=2))
    world.write(sa.text("DELETE FROM orders"), sa.delete(customers))
    world.tick(now + timedelta(days=3))
    assert (world.run()["state"], world.run()["reason"]) == ("stopped", "the customer is no longer in the store")


def test_a_run_that_fails_stops_no_other(store: sa.Engine, now: datetime) -> None:
    body = f"{PAID}do:\n  - wait: 1 day\n  - choose:\n      - if: [event.total >= 1]\n        do:\n          - tag: x"
    world = World(store, now, playbook("p", body))
    world.customers("mei", "tom")
    world.tick()
    for who in ("mei", "tom"):
        world.event("order.paid", who, total=100)
    world.tick()
    # A step that no revision has: what a store restored from elsewhere may hold.
    world.write(sa.update(enrolments).where(enrolments.c.customer_id == "mei").values(step="nowhere"))
    world.tick(now + timedelta(days=2))
    assert dict(world.states())["tom"] == "done"
    assert dict(world.states())["mei"] != "running"


def test_a_run_that_fails_leaves_nothing_of_what_it_gave(store: sa.Engine, now: datetime) -> None:
    body = f"{PAID}do:\n  - voucher: gift\n    as: one\n  - email: hello\n  - voucher: gift\n    as: two"
    world = World(store, now, playbook("p", body))
    world.customers("mei", "tom")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.event("order.paid", "tom", total=100)
    numbers = count(1)

    def code() -> str:
        if (number := next(numbers)) == 2:
            raise ValueError("no more codes")  # while Mei is given her second one
        return f"C{number}"

    Tick(world.shop, world.channel, SECRETS, new_code=code)(world.now)
    world.tick()
    assert dict(world.states()) == {"mei": "failed", "tom": "done"}
    failed = next(run for run in world.runs() if run["customer_id"] == "mei")
    assert failed["reason"].endswith("ValueError: no more codes")
    assert "two" in failed["reason"] or "voucher" in failed["reason"]
    with store.connect() as connection:
        assert connection.scalars(sa.select(vouchers.c.customer_id)).all() == ["tom", "tom"]
    assert world.mails() == [("tom@example.com", "hello")]


# --- What stops a run --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stop", "reason"),
    [("- event: order.paid", "order.paid"), ("- customer.tier is gold", "customer.tier is gold")],
)
def test_what_stops_a_run_stops_it_when_it_happens(store: sa.Engine, now: datetime, stop: str, reason: str) -> None:
    world = _begun(store, now, f"{PAID}stop_when:\n  {stop}\ndo:\n  - wait: 10 days\n  - email: late")
    later = world.now = now + timedelta(days=1)
    world.customers("mei", tier="gold")
    if "event" in stop:
        world.event("order.paid", "mei", total=100)
    world.tick()
    run = world.runs()[0]
    assert (run["state"], run["ended_at"]) == ("stopped", later)
    assert reason in run["reason"]


def test_a_run_is_not_stopped_by_the_event_that_began_it_nor_by_an_earlier_one(store: sa.Engine, now: datetime) -> None:
    world = _begun(store, now, f"{PAID}stop_when:\n  - event: order.paid\ndo:\n  - wait: 1 day\n  - email: hello")
    world.event("order.paid", "mei", at=now - timedelta(hours=1), total=100)
    world.tick_until(now + timedelta(days=2))
    assert world.mails() == [("mei@example.com", "hello")]


def test_a_result_can_stop_a_run(store: sa.Engine, now: datetime) -> None:
    body = f"""{PAID}stop_when:
  - gift.redeemed_at is not empty
do:
  - voucher: gift
    as: gift
    expires: 30 days
  - wait_until: 7 days before gift.expires_at
  - email: reminder
"""
    world = _begun(store, now, body)
    (code,) = [row["code"] for row in world.rows(vouchers)]
    world.now = now + timedelta(days=3)
    world.event("voucher.redeemed", "mei", code=code)
    world.tick()
    assert world.run()["reason"] == "gift.redeemed_at is not empty"


# --- Waiting for events ------------------------------------------------------------------------------------------------

CART = """
when: {event: cart.updated}
do:
  - wait_for: order.paid
    within: 2 hours
    then:
      - stop: bought
  - email: reminder
  - wait_for: order.paid
    within: 1 day
    then:
      - tag: bought-late
"""


def _with_a_cart(store: sa.Engine, now: datetime) -> World:
    world = World(store, now, playbook("p", CART))
    world.customers("mei")
    world.tick()
    world.event("cart.updated", "mei", items_count=1)
    world.tick()
    return world


def test_an_event_ends_the_wait_at_once(store: sa.Engine, now: datetime) -> None:
    world = _with_a_cart(store, now)
    world.now = now + timedelta(hours=1)
    world.event("order.paid", "mei", total=100)
    world.tick()
    assert (world.run()["reason"], world.run()["ended_at"]) == ("bought", world.now)


def test_an_event_that_happened_in_time_and_is_recorded_when_the_wait_is_over_counts(
    store: sa.Engine, now: datetime
) -> None:
    world = _with_a_cart(store, now)
    world.now = now + timedelta(hours=5)  # no pass came at the end of the wait
    world.event("order.paid", "mei", at=now + timedelta(hours=1), total=100)
    world.tick()
    assert world.run()["reason"] == "bought"


def test_an_event_after_the_time_is_over_counts_for_the_next_wait_however_late_the_pass(
    store: sa.Engine, now: datetime
) -> None:
    world = _with_a_cart(store, now)
    world.now = now + timedelta(hours=5)
    world.event("order.paid", "mei", at=now + timedelta(hours=3), total=100)
    world.tick()
    assert world.run()["state"] == "done"
    assert [row["message"] for row in world.messages()] == ["reminder"]


def test_an_event_from_before_the_run_is_not_waited_for(store: sa.Engine, now: datetime) -> None:
    world = _with_a_cart(store, now)
    world.now = now + timedelta(hours=1)
    world.event("order.paid", "mei", at=now - timedelta(minutes=1), total=100)
    world.tick()
    assert world.states() == [("mei", "running")]
    world.tick(now + timedelta(hours=2))
    assert world.mails() == [("mei@example.com", "reminder")]


def test_what_comes_while_no_process_runs_is_heard(store: sa.Engine, now: datetime) -> None:
    world = World(
        store,
        now,
        playbook(
            "p", "when: {every: day, at: 13:00}\ngoal: {event: order.paid, within: 9 days}\ndo:\n  - wait: 9 days"
        ),
    )
    world.customers("mei")
    world.tick()
    world.tick(now + timedelta(hours=2))
    world.now = now + timedelta(hours=4)
    world.event("order.paid", "mei", total=100)
    world.restart()
    world.tick(now + timedelta(hours=5))
    assert world.run()["converted_at"] == now + timedelta(hours=4)


# --- Goals and the group held out --------------------------------------------------------------------------------------

GOAL = f"{PAID}holdout: 50%\ngoal: {{event: review.posted, where: [event.rating >= 4], within: 10 days}}\ndo:\n  - email: hello"


def test_the_goal_is_counted_for_both_groups(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", GOAL), control=lambda _, who: who == "held")
    world.customers("held", "met", "cool", "late")
    world.tick()
    for who in ("held", "met", "cool", "late"):
        world.event("order.paid", who, total=100)
    world.tick()
    world.now = now + timedelta(days=2)
    for who, rating in (("held", 5), ("met", 4), ("cool", 3)):
        world.event("review.posted", who, rating=rating)
    world.tick()
    world.now = now + timedelta(days=11)
    for who in ("late", "met"):
        world.event("review.posted", who, rating=5)
    world.tick()
    then = now + timedelta(days=2)
    assert {row["customer_id"]: (row["state"], row["converted_at"]) for row in world.runs()} == {
        "held": ("held_out", then),
        "met": ("done", then),
        "cool": ("done", None),
        "late": ("done", None),
    }
    assert sorted(who for who, _ in world.mails()) == ["cool@example.com", "late@example.com", "met@example.com"]


def test_an_event_recorded_by_a_clock_that_is_ahead_counts_when_it_has_happened(
    store: sa.Engine, now: datetime
) -> None:
    body = (
        f"{PAID}goal: {{event: review.posted, within: 10 days}}\ndo:\n  - wait_for: review.posted\n    within: 9 days"
    )
    world = World(store, now, playbook("p", body))
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    world.event("review.posted", "mei", at=now + timedelta(seconds=3), rating=5)
    world.tick(now + timedelta(seconds=1))
    assert world.run()["converted_at"] is None
    world.tick(now + timedelta(seconds=4))
    assert (world.run()["state"], world.run()["converted_at"]) == ("done", now + timedelta(seconds=3))


# --- Time --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 3, 28, 1, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # 02:30 does not exist
        (datetime(2026, 10, 24, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # and is there twice
        (datetime(2026, 10, 25, 12, 0, tzinfo=UTC), datetime(2026, 10, 26, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_day_is_a_day_of_the_customers_calendar(store: sa.Engine, start: datetime, end: datetime) -> None:
    world = _begun(store, start, f"{PAID}do:\n  - wait: 1 day\n  - tag: x", timezone="Europe/Berlin")
    assert world.run()["resume_at"] == end


def test_a_run_late_after_a_standstill_walks_all_that_is_due(store: sa.Engine, now: datetime) -> None:
    steps = "\n".join(f"  - wait: 1 hour\n  - tag: t{number}" for number in range(3))
    world = _begun(store, now, f"{PAID}do:\n{steps}")
    world.tick(now + timedelta(hours=1))
    assert world.states() == [("mei", "running")]
    world.tick_until(now + timedelta(days=1))
    assert world.states() == [("mei", "done")]


def test_runs_are_taken_in_batches(store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.advance.BATCH", 3)
    world = World(store, now, playbook("p", "when: {every: day, at: 13:00}\ndo:\n  - tag: x"))
    world.customers(*(f"c{number}" for number in range(10)))
    world.tick()
    assert world.tick(now + timedelta(hours=2)).advanced == 10
