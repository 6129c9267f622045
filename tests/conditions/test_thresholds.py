"""Thresholds: whoever's answer changes by time alone is among the rows that a moving moment passes."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.conditions import Tree, compile_where, thresholds
from tests.conditions import chance
from tests.conditions.ground import CATALOGUE, NOW, SEGMENTS, ZONE, condition, filled, rows

WINDOWS = [timedelta(microseconds=1), timedelta(seconds=1), timedelta(hours=2), timedelta(days=1), timedelta(days=40)]


def _of_customers(seeded: random.Random) -> Tree:
    while True:
        tree = chance.tree(seeded)
        if all(word not in str(tree) for word in ("event.",)):
            return tree


def _matching(connection: sa.Connection, tree: Tree, now: datetime) -> set[str]:
    compiled = compile_where(tree, CATALOGUE, SEGMENTS)
    statement = sa.select(CATALOGUE.customer_key).where(compiled.expression)
    return set(connection.execute(statement, compiled.bind(now, ZONE)).scalars())


def _candidates(connection: sa.Connection, tree: Tree, since: datetime, until: datetime) -> set[str]:
    found: set[str] = set()
    for one in thresholds(tree, CATALOGUE, SEGMENTS):
        low, high = (sa.literal(one.moment_at(now, ZONE), one.column.type) for now in (since, until))
        statement = sa.select(one.of_customer).where(one.column >= low, one.column <= high, *one.joined)
        found.update(connection.execute(statement).scalars())
    return found


def test_the_candidates_hold_everybody_whose_answer_changes(store: sa.Engine) -> None:
    seeded = random.Random(1)
    changes = 0
    with filled(store, rows(150)) as connection:
        for _ in range(150):
            tree, window = _of_customers(seeded), seeded.choice(WINDOWS)
            since = NOW + seeded.choice([timedelta(), -window, timedelta(seconds=-1)])
            changed = _matching(connection, tree, since) ^ _matching(connection, tree, since + window)
            assert changed <= _candidates(connection, tree, since, since + window), str(tree)
            changes += len(changed)
    assert changes > 300  # the pools are close enough to the moments that the test means something


def test_each_way_in_which_time_changes_an_answer_is_named_once() -> None:
    tree = condition(
        "customer.last_order_at before 90 days ago or not customer.last_order_at before 90 days ago"
        " or customer.birthday after today or customer.first_order_at after 2026-01-01"
        " or customer.average_3_months < 70% of customer.average_previous or customer in segment lapsed"
    )
    assert sorted((one.column.name, one.bound.name) for one in thresholds(tree, CATALOGUE, SEGMENTS)) == [
        ("birthday", "on_today"),
        ("last_order_at", "at_90_days_ago"),
        ("paid_at", "at_3_months_ago"),
        ("paid_at", "at_3_months_before_3_months_ago"),
        ("paid_at", "at_now"),
    ]


@pytest.mark.parametrize(
    ("text", "value", "crossing"),
    [
        (
            "customer.last_order_at before 90 days ago",
            datetime(2026, 1, 1, 11, tzinfo=UTC),
            "2026-04-01 10:00:00.000001",
        ),
        ("customer.last_order_at after 90 days ago", datetime(2026, 1, 1, 11, tzinfo=UTC), "2026-04-01 10:00:00"),
        (
            "customer.last_order_at before 2 hours ago",
            datetime(2026, 1, 1, 11, tzinfo=UTC),
            "2026-01-01 13:00:00.000001",
        ),
        ("customer.last_order_at before now", datetime(2026, 1, 1, 11, tzinfo=UTC), "2026-01-01 11:00:00.000001"),
        ("customer.last_order_at before today", datetime(2026, 1, 1, 11, tzinfo=UTC), "2026-01-01 23:00:00"),
        (
            "customer.last_order_at before 1 week from now",
            datetime(2026, 1, 8, 11, tzinfo=UTC),
            "2026-01-01 11:00:00.000001",
        ),
        # There is no 30 February: from the first instant of 30 March on, a month ago is the end of February.
        (
            "customer.last_order_at before 1 month ago",
            datetime(2026, 2, 28, 20, tzinfo=UTC),
            "2026-03-28 20:00:00.000001",
        ),
        ("customer.birthday before today", date(2026, 1, 1), "2026-01-01 23:00:00"),
        ("customer.birthday after today", date(2026, 1, 1), "2025-12-31 23:00:00"),
        ("customer.birthday before 1 week from now", date(2026, 1, 10), "2026-01-03 23:00:00"),
    ],
)
def test_the_first_instant_at_which_a_row_is_passed(text: str, value: date, crossing: str) -> None:
    (one,) = thresholds(condition(text), CATALOGUE, SEGMENTS)
    assert one.crossing_of(value, ZONE) == datetime.fromisoformat(crossing).replace(tzinfo=UTC)


def test_the_next_crossing_is_looked_up_in_the_store(store: sa.Engine) -> None:
    people = rows(50)
    tree = condition("customer.last_order_at before 90 days ago")
    (one,) = thresholds(tree, CATALOGUE, SEGMENTS)
    with filled(store, people) as connection:
        at = NOW - timedelta(days=40)
        for _ in range(8):
            following = one.next_crossing(connection, at, ZONE)
            assert following is not None and following > at
            before, after = (
                _matching(connection, tree, now) for now in (following - timedelta(microseconds=1), following)
            )
            assert before == _matching(connection, tree, at)
            assert before < after
            at = following
        assert one.next_crossing(connection, NOW + timedelta(days=900), ZoneInfo("UTC")) is None
