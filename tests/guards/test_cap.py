"""The cap: never more than its count within any stretch of its length."""

import random
from datetime import UTC, datetime, timedelta

from engine.guards.cap import cap
from engine.literals import Limit
from engine.times import Length
from tests.guards.looks import NOW, look_at

TWO_A_WEEK = Limit(2, Length(7, "day"))


def _days_ago(*days: float) -> list[datetime]:
    return [NOW - timedelta(days=one) for one in days]


def test_it_holds_back_until_the_oldest_that_counts_is_old_enough() -> None:
    assert cap(look_at(cap=TWO_A_WEEK, sent=_days_ago(1))) is None
    verdict = cap(look_at(cap=TWO_A_WEEK, sent=_days_ago(1, 3, 10)))
    assert verdict is not None
    assert (verdict.state, verdict.until) == ("deferred", NOW + timedelta(days=4))


def test_a_message_of_exactly_a_week_ago_counts_no_more() -> None:
    assert cap(look_at(cap=TWO_A_WEEK, sent=_days_ago(1, 7))) is None


def test_no_cap_and_no_marketing_are_never_held_back() -> None:
    assert cap(look_at(cap=None, sent=_days_ago(1, 1, 1))) is None
    assert cap(look_at(cap=TWO_A_WEEK, purpose="transactional", sent=_days_ago(1, 1, 1))) is None


def test_obeying_it_never_puts_three_into_one_week() -> None:
    chance, sent, now = random.Random(3), list[datetime](), NOW
    for _ in range(300):
        now += timedelta(hours=chance.randrange(60))
        verdict = cap(look_at(cap=TWO_A_WEEK, sent=sent, now=now))
        if verdict is not None:
            assert verdict.until is not None
            now = verdict.until
        sent.append(now)
    assert all(later - earlier >= timedelta(days=7) for earlier, later in zip(sent, sent[2:], strict=False))


def test_a_month_that_has_no_inverse_never_holds_until_a_time_that_is_over() -> None:
    a_month = Limit(1, Length(1, "month"))
    now, sent = datetime(2026, 3, 31, 10, tzinfo=UTC), [datetime(2026, 2, 28, 12, tzinfo=UTC)]
    assert cap(look_at(cap=a_month, now=now, sent=sent)) is None
