"""anniversary: once a year, for every year and every birthday."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.shop import World, playbook


def _birthday(more: str = "") -> dict[str, str]:
    body = f"when: {{anniversary: customer.birthday, at: 10:00{more}}}\nif_running: parallel\ndo:\n  - tag: older"
    return playbook("birthday", body)


def test_it_fires_once_in_each_year(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, _birthday())
    world.customers("mei", birthday=date(1990, 5, 20))
    world.tick()
    for year in (2026, 2027, 2028):
        world.tick(datetime(year, 5, 20, 9, 59, tzinfo=UTC))
        world.tick(datetime(year, 5, 20, 10, tzinfo=UTC))
    assert [(row["occasion"], row["fired_at"].day) for row in world.runs()] == [
        ("2026", 20),
        ("2027", 20),
        ("2028", 20),
    ]


@pytest.mark.parametrize(("rule", "kept"), [("feb 28", date(2027, 2, 28)), ("mar 1", date(2027, 3, 1))])
def test_29_february_is_kept_in_common_years(store: sa.Engine, rule: str, kept: date) -> None:
    start = datetime(2027, 2, 25, tzinfo=UTC)
    world = World(store, start, _birthday(f", feb_29: {rule}"))
    world.customers("leap", birthday=date(2000, 2, 29))
    world.customers("last", birthday=date(2001, 2, 28))
    world.tick()
    world.tick_until(start + timedelta(days=10))
    assert {row["customer_id"]: row["fired_at"].date() for row in world.runs()} == {
        "leap": kept,
        "last": date(2027, 2, 28),
    }


def test_29_february_is_kept_on_its_day_in_leap_years(sqlite_store: sa.Engine) -> None:
    start = datetime(2028, 2, 25, tzinfo=UTC)
    world = World(sqlite_store, start, _birthday())
    world.customers("leap", birthday=date(2000, 2, 29))
    world.tick()
    world.tick_until(start + timedelta(days=10))
    assert world.run()["fired_at"] == datetime(2028, 2, 29, 10, tzinfo=UTC)


def test_a_lead_into_the_year_before_keeps_the_year_of_the_day(store: sa.Engine) -> None:
    start = datetime(2026, 12, 20, tzinfo=UTC)
    world = World(store, start, _birthday(", lead: 7 days"))
    world.customers("mei", birthday=date(1990, 1, 3))
    world.tick()
    world.tick_until(start + timedelta(days=20))
    assert (world.run()["occasion"], world.run()["fired_at"]) == ("2027", datetime(2026, 12, 27, 10, tzinfo=UTC))


def test_the_day_itself_is_no_anniversary(store: sa.Engine) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    world = World(store, start, playbook("member", "when: {anniversary: customer.member_since}\ndo:\n  - tag: a-year"))
    world.customers("mei", member_since=date(2026, 3, 5))
    world.customers("tom", member_since=date(2025, 3, 5))
    world.tick()
    world.tick_until(start + timedelta(days=10))
    assert world.entered() == ["tom"]
