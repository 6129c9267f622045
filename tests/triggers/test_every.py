"""every: nominal local times, once for each customer, whatever the clocks do."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.triggers.every import Every
from tests.shop import World, playbook


def _every(pace: str, at: str = "10:00") -> dict[str, str]:
    return playbook("rhythm", f"when: {{every: {pace}, at: {at}}}\nif_running: parallel\ndo:\n  - tag: met")


def test_each_zone_has_its_own_hour(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, _every("monday"))
    world.customers("mei", timezone="Asia/Shanghai")
    world.customers("tom")
    world.tick()
    world.tick_until(now + timedelta(days=8))
    assert [(row["customer_id"], row["fired_at"], row["occasion"]) for row in world.runs()] == [
        ("mei", datetime(2026, 3, 2, 2, tzinfo=UTC), "2026-03-02T10:00"),
        ("tom", datetime(2026, 3, 2, 10, tzinfo=UTC), "2026-03-02T10:00"),
        ("mei", datetime(2026, 3, 9, 2, tzinfo=UTC), "2026-03-09T10:00"),
        ("tom", datetime(2026, 3, 9, 10, tzinfo=UTC), "2026-03-09T10:00"),
    ]


@pytest.mark.parametrize(
    ("day", "instants"),
    [
        (datetime(2026, 3, 29, tzinfo=UTC), [datetime(2026, 3, 29, 1, tzinfo=UTC)]),  # 02:30 does not exist: 03:00
        (datetime(2026, 10, 25, tzinfo=UTC), [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]),  # 02:30 is there twice
    ],
)
def test_a_night_in_which_clocks_change_has_one_beat(store: sa.Engine, day: datetime, instants: list[datetime]) -> None:
    world = World(store, day - timedelta(hours=4), _every("day", "02:30"))
    world.customers("eva", timezone="Europe/Berlin")
    world.tick()
    for minutes in range(0, 600, 30):
        world.tick(day - timedelta(hours=3) + timedelta(minutes=minutes))
    assert [row["fired_at"] for row in world.runs()] == instants


def test_a_customer_who_moves_is_not_met_twice_for_one_nominal_time(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, _every("monday"))
    world.customers("mei", timezone="Asia/Shanghai")
    world.tick()
    world.tick(datetime(2026, 3, 2, 3, tzinfo=UTC))
    world.customers("mei", timezone="America/New_York")
    world.tick(datetime(2026, 3, 2, 15, tzinfo=UTC))
    assert world.run()["fired_at"] == datetime(2026, 3, 2, 2, tzinfo=UTC)


def test_a_large_audience_is_taken_in_pieces(store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.enrol.PIECE", 7)
    world = World(store, now, _every("day"))
    world.customers(*(f"c{number:02}" for number in range(50)))
    world.tick()
    report = world.tick(now + timedelta(days=1))
    assert report.enrolled == {"rhythm": 50}
    assert sorted(world.entered()) == [f"c{number:02}" for number in range(50)]


@pytest.mark.parametrize(
    ("pace", "nominal"),
    [
        ("day", "2026-03-02 09:00"),
        ("monday", "2026-03-02 09:00"),
        ("sunday", "2026-03-08 09:00"),
        ("month", "2026-04-01 09:00"),
    ],
)
def test_the_next_nominal_time(pace: str, nominal: str) -> None:
    every = Every.model_validate({"every": pace, "at": "09:00"})
    assert every.next_local(datetime.fromisoformat("2026-03-01 09:00")) == datetime.fromisoformat(nominal)
