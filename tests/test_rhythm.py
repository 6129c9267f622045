"""Rhythms: one beat for each nominal time in every zone, however the windows are cut and the clocks are set."""

import random
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.clocks.times import local_instant
from engine.local import daily
from engine.rhythm import Rhythm, effective

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # moves by half an hour
    "Asia/Beirut",  # midnight does not exist
    "Africa/Casablanca",
    "America/Havana",
    "Pacific/Chatham",
    "Asia/Kathmandu",
)
START, END = datetime(2025, 12, 31, 15, tzinfo=UTC), datetime(2027, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize("at", [time(0), time(2, 30), time(23, 59)])
def test_every_day_beats_once_in_every_zone_however_time_is_cut(at: time) -> None:
    chance, rhythm, now = random.Random(1), Rhythm(daily(at)), START
    beats = []
    while now < END:
        following = min(now + timedelta(hours=chance.choice([1, 7, 30, 100])), END)
        beats += rhythm.beats(now, following, ZONES)
        assert rhythm.beats(following, following, ZONES) == []
        now = following
    nominal = [(beat.zone, beat.nominal.date()) for beat in beats]
    assert len(nominal) == len(set(nominal))
    for zone in ZONES:
        days = sorted(beat.nominal.date() for beat in beats if beat.zone == zone)
        assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
        assert len(days) in (366, 367, 368)
    assert all(beat.instant == local_instant(beat.nominal.date(), at, ZoneInfo(beat.zone)) for beat in beats)


def test_beats_come_in_order() -> None:
    instants = [beat.instant for beat in Rhythm(daily(time(10))).beats(START, START + timedelta(days=3), ZONES)]
    assert instants == sorted(instants)


def test_what_it_remembers_does_not_hide_a_beat_of_another_zone_or_an_earlier_window() -> None:
    rhythm = Rhythm(daily(time(10)))
    at = datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert len(rhythm.beats(at - timedelta(minutes=2), at - timedelta(minutes=1), ("UTC",))) == 0
    assert len(rhythm.beats(at - timedelta(minutes=1), at, ("UTC",))) == 1
    assert len(rhythm.beats(at - timedelta(minutes=1), at, ("UTC",))) == 1  # a window that is looked at again
    assert len(rhythm.beats(at - timedelta(hours=9), at, ("UTC", "Asia/Shanghai"))) == 2


def test_the_next_beat_is_the_first_of_all_zones() -> None:
    rhythm, zones = Rhythm(daily(time(10))), ("UTC", "Asia/Shanghai")
    assert rhythm.next_at(datetime(2026, 3, 1, 12, tzinfo=UTC), zones) == datetime(2026, 3, 2, 2, tzinfo=UTC)


def test_unknown_zones_and_none_beat_in_the_brands() -> None:
    assert effective(("", "Mars/Base", "Asia/Seoul", "Europe/Berlin"), "Europe/Berlin") == {
        "Asia/Seoul": ["Asia/Seoul"],
        "Europe/Berlin": ["", "Mars/Base", "Europe/Berlin"],
    }
