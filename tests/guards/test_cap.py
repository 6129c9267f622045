"""The cap: never more than its count within any stretch of its length; over all, of one playbook, by one channel."""

import random
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from engine.clocks.times import Length
from engine.guards import Cap, Said, Verdict
from engine.guards.cap import cap
from engine.settings.literals import Limit
from tests.guards.looks import NOW, look_at
from tests.shop import SETTINGS, World, playbook

TWO_A_WEEK = Limit(2, Length(7, "day"))
PAID = "when: {event: order.paid}\nif_running: parallel\ndo:\n  - email: hello"


def _said(*at: datetime, priority: int = 50) -> list[Said]:
    return [Said(one, "other", "email", priority) for one in at]


def _days_ago(*days: float) -> list[Said]:
    return _said(*(NOW - timedelta(days=one) for one in days))


def _asked(said: list[Said], limit: Limit = TWO_A_WEEK, **changed: object) -> Verdict | None:
    return cap(look_at(caps=[Cap(limit, said)], **changed))


def test_it_holds_back_until_the_oldest_that_counts_is_old_enough() -> None:
    assert _asked(_days_ago(1)) is None
    verdict = _asked(_days_ago(1, 3, 10))
    assert verdict == Verdict("deferred", "the cap of 2 per 7 days is reached", NOW + timedelta(days=4))


def test_a_message_of_exactly_a_week_ago_counts_no_more() -> None:
    assert _asked(_days_ago(1, 7)) is None


def test_no_cap_and_no_marketing_are_never_held_back() -> None:
    assert cap(look_at(caps=[])) is None
    assert _asked(_days_ago(1, 1, 1), purpose="transactional") is None


def test_of_several_caps_the_one_that_lasts_longest_speaks() -> None:
    month = Cap(Limit(1, Length(30, "day")), _days_ago(10), playbook="survey")
    verdict = cap(look_at(caps=[Cap(TWO_A_WEEK, _days_ago(1, 2)), month]))
    assert verdict is not None
    assert verdict.reason == "the cap of 1 per 30 days of this playbook is reached"
    assert verdict.until == NOW + timedelta(days=20)


def test_it_says_who_took_the_place_while_this_one_waited() -> None:
    later = Said(NOW, "birthday", "email", 80)
    waited = _asked([*_days_ago(3), later], planned_at=NOW - timedelta(days=1))
    assert waited is not None
    assert waited.reason == "yields to birthday (priority 80): the cap of 2 per 7 days is reached"
    fresh = _asked([*_days_ago(3), later], planned_at=NOW + timedelta(seconds=1))
    assert fresh is not None
    assert fresh.reason == "the cap of 2 per 7 days is reached"


def test_obeying_it_never_puts_three_into_one_week() -> None:
    chance, sent, now = random.Random(3), list[datetime](), NOW
    for _ in range(300):
        now += timedelta(hours=chance.randrange(60))
        verdict = _asked(_said(*sent), now=now)
        if verdict is not None:
            assert verdict.until is not None
            now = verdict.until
        sent.append(now)
    assert all(later - earlier >= timedelta(days=7) for earlier, later in zip(sent, sent[2:], strict=False))


def test_a_month_that_has_no_inverse_never_holds_until_a_time_that_is_over() -> None:
    now, sent = datetime(2026, 3, 31, 10, tzinfo=UTC), _said(datetime(2026, 2, 28, 12, tzinfo=UTC))
    assert _asked(sent, Limit(1, Length(1, "month")), now=now) is None


def test_the_cap_of_a_playbook_counts_its_own_messages_alone(store: sa.Engine, now: datetime) -> None:
    files = {**playbook("p", PAID, cap="1 per 30 days"), **playbook("q", PAID)}
    world = World(store, now, files)
    world.customers("mei")
    world.tick()
    for _ in range(2):
        world.event("order.paid", "mei", total=100)
    world.tick()
    states = [(row["playbook"], row["state"]) for row in world.messages()]
    assert sorted(states) == [("p", "deferred"), ("p", "sent"), ("q", "sent"), ("q", "sent")]
    waiting = world.message(state="deferred")
    assert waiting["reason"] == "the cap of 1 per 30 days of this playbook is reached"
    assert waiting["due_at"] == now + timedelta(days=30)


def test_the_cap_of_a_channel_counts_that_channel_alone(store: sa.Engine, now: datetime) -> None:
    world = World(
        store, now, playbook("p", PAID), settings=SETTINGS + "  caps: {email: 1 per 2 days, sms: 1 per 9 days}\n"
    )
    world.customers("mei")
    world.tick()
    for _ in range(2):
        world.event("order.paid", "mei", total=100)
    world.tick()
    assert sorted(row["state"] for row in world.messages()) == ["deferred", "sent"]
    assert world.message(state="deferred")["reason"] == "the cap of 1 per 2 days by email is reached"
    world.tick(now + timedelta(days=2))
    assert [row["state"] for row in world.messages()] == ["sent", "sent"]
