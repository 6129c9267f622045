"""cron: the rhythm of an expression, on local time alone."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from tests.shop import World, playbook


def _cron(expression: str) -> dict[str, str]:
    return playbook("rhythm", f'when: {{cron: "{expression}"}}\nif_running: parallel\ndo:\n  - tag: met')


def test_it_beats_by_the_customers_clock(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, _cron("30 9 * * 1-5"))
    world.customers("mei", timezone="Asia/Kolkata")
    world.tick()
    world.tick_until(datetime(2026, 3, 4, tzinfo=UTC))
    assert [row["fired_at"] for row in world.runs()] == [
        datetime(2026, 3, 2, 4, tzinfo=UTC),
        datetime(2026, 3, 3, 4, tzinfo=UTC),
    ]


def test_the_hour_that_comes_twice_beats_once(store: sa.Engine) -> None:
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)
    world = World(store, start, _cron("30 2 * * *"))
    world.customers("eva", timezone="Europe/Berlin")
    world.tick()
    world.tick_until(start + timedelta(days=1))
    assert [row["occasion"] for row in world.runs()] == ["2026-10-25T02:30"]


def test_beats_missed_in_a_standstill_are_made_up_for_in_order(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, _cron("0 9 * * *"))
    world.customers("mei")
    world.tick()
    world.restart()
    world.tick(now + timedelta(days=10))  # the catch-up is three days
    assert [row["occasion"] for row in world.runs()] == [f"2026-03-{day:02}T09:00" for day in (9, 10, 11)]
