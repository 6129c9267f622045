"""Beats: each nominal local time once in each zone, whatever the clocks do, however the windows are cut."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rhythm import Rhythm
from engine.times import local_instant, next_cron, parse_clock

#: Zones whose clocks do what others do not: 30 minutes, a change at midnight, a day left out.
ODD = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Sao_Paulo", "Pacific/Apia")
CHANGES = ["2026-03-29", "2026-10-25", "2026-10-04", "2026-04-05", "2011-12-30", "2018-11-04", "2026-06-15"]

_lengths = st.one_of(
    st.timedeltas(timedelta(0), timedelta(minutes=90)),
    st.timedeltas(timedelta(0), timedelta(days=40)),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(at: time) -> Callable[[datetime], datetime]:
    def following(after: datetime) -> datetime:
        today = datetime.combine(after.date(), at)
        return today if today > after else today + timedelta(days=1)

    return following


def by_trying(at: time, since: datetime, until: datetime) -> list[tuple[datetime, str, date]]:
    first = since.date() - timedelta(days=3)
    days = [first + timedelta(days=n) for n in range((until.date() - first).days + 4)]
    tried = [(local_instant(day, at, ZoneInfo(zone)), zone, day) for day in days for zone in ODD]
    return sorted(one for one in tried if since < one[0] <= until)


def nominal(expression: str, since: str, until: str) -> list[str]:
    rhythm = Rhythm(lambda after: next_cron(expression, after))
    return [beat.nominal.strftime("%H:%M") for beat in rhythm.beats(utc(since), utc(until), ("Europe/Berlin",))]


@settings(max_examples=250, deadline=None, derandomize=True)
@given(
    st.sampled_from(CHANGES),
    st.timedeltas(timedelta(days=-1), timedelta(days=1)),
    st.lists(_lengths, min_size=1, max_size=4),
    st.sampled_from(["00:00", "00:30", "01:45", "02:00", "02:30", "03:00", "10:00", "23:59"]),
)
def test_the_beats_of_each_window_are_those_of_every_day_tried(
    day: str, shift: timedelta, lengths: list[timedelta], at: str
) -> None:
    rhythm, since = Rhythm(daily(parse_clock(at))), utc(day) + shift
    for length in lengths:
        until = since + length
        found = [(beat.instant, beat.zone, beat.nominal.date()) for beat in rhythm.beats(since, until, ODD)]
        assert sorted(found) == by_trying(parse_clock(at), since, until)
        since = until


def test_a_window_is_open_at_its_beginning_and_closed_at_its_end() -> None:
    nine, minute = utc("2026-03-02 08:00"), timedelta(minutes=1)
    rhythm = Rhythm(daily(time(9)))
    assert [beat.instant for beat in rhythm.beats(nine - minute, nine, ("Europe/Berlin",))] == [nine]
    assert rhythm.beats(nine, nine + minute, ("Europe/Berlin",)) == []


@pytest.mark.parametrize(
    ("expression", "since", "until", "expected"),
    [
        ("30 2 * * *", "2026-10-24 22:00", "2026-10-25 06:00", ["02:30"]),  # shown twice, beaten once
        ("*/30 * * * *", "2026-10-25 00:00", "2026-10-25 02:00", ["02:30", "03:00"]),
        ("30 2 * * *", "2026-03-28 22:00", "2026-03-29 06:00", ["02:30"]),  # jumped over, beaten at the end of the gap
        ("*/30 * * * *", "2026-03-29 00:00", "2026-03-29 02:00", ["01:30", "03:00", "03:30", "04:00"]),
        ("0 9 * * 1", "2026-03-23 12:00", "2026-03-30 23:00", ["09:00"]),
    ],
)
def test_a_cron_rhythm_where_the_clocks_change(expression: str, since: str, until: str, expected: list[str]) -> None:
    assert nominal(expression, since, until) == expected


def test_the_next_beat_is_the_first_of_all_zones() -> None:
    rhythm = Rhythm(daily(time(9)))
    assert rhythm.next_at(utc("2026-03-02 00:00"), ODD) == utc("2026-03-02 07:00")  # Beirut
    assert rhythm.next_at(utc("2026-03-02 07:00"), ODD) == utc("2026-03-02 08:00")  # Berlin
