"""Lengths, clocks and calendars, at the places where they go wrong: changed clocks, leap days, month ends."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clocks.times import (
    CLOCK,
    EARLIEST,
    LATEST,
    LENGTH,
    DayWindow,
    Length,
    NotALength,
    anniversary,
    local_instant,
    next_cron,
    parse_clock,
    parse_cron,
)

BERLIN, NEW_YORK, LORD_HOWE = (ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"))
#: Zones whose clocks do what others do not: 30 minutes, a change at midnight, a day left out.
ODD = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Sao_Paulo", "Pacific/Apia"]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- Lengths ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["7 days", "1 day", "30 minutes", "1 hour", "2 weeks", "3 months", "1 year", "0 days"])
def test_a_length_prints_as_it_is_written(text: str) -> None:
    assert str(Length.parse(text)) == text
    assert re.fullmatch(LENGTH, text)


def test_one_days_is_one_day() -> None:
    assert str(Length.parse("1 days")) == "1 day"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        *[("7d", "7 days"), ("2w", "2 weeks"), ("90min", "90 minutes"), ("1 hr", "1 hour"), ("7-days", "7 days")],
        *[("a week", "1 week"), ("one month", "1 month"), ("7 Days", "7 days"), ("7  days", "7 days"), ("5", "5 days")],
    ],
)
def test_what_is_no_length_says_what_was_likely_meant(text: str, near: str) -> None:
    with pytest.raises(NotALength, match=re.escape(f"`{text}` is not a length of time")) as caught:
        Length.parse(text)
    assert caught.value.helps[0] == f"did you mean `{near}`?"


@pytest.mark.parametrize("text", ["soon", "1.5 days", "-1 day", "12345 days", "7 fortnights", "", "٧ days", None])
def test_what_is_far_from_a_length_lists_the_units(text: object) -> None:
    with pytest.raises(NotALength) as caught:
        Length.parse(text)
    assert caught.value.helps == ("units: minutes, hours, days, weeks, months, years",)


def test_lengths_compare_by_their_average() -> None:
    written = ["59 minutes", "1 hour", "1 day", "6 days", "1 week", "1 month", "1 year"]
    assert sorted(written, key=lambda text: Length.parse(text).approximate) == written


@pytest.mark.parametrize(
    ("length", "instant", "zone", "expected"),
    [
        # Calendar steps keep the hour of the day, elapsed time does not.
        ("1 day", "2026-03-28 11:00", BERLIN, "2026-03-29 10:00"),
        ("24 hours", "2026-03-28 11:00", BERLIN, "2026-03-29 11:00"),
        ("1 week", "2026-10-20 10:00", BERLIN, "2026-10-27 11:00"),
        ("1 month", "2026-01-31 12:00", BERLIN, "2026-02-28 12:00"),
        ("1 month", "2024-01-31 12:00", BERLIN, "2024-02-29 12:00"),
        ("1 year", "2024-02-29 12:00", BERLIN, "2025-02-28 12:00"),
        ("4 years", "2024-02-29 12:00", BERLIN, "2028-02-29 12:00"),
        # 02:30 does not exist on the 29th; 02:30 in Lord Howe jumps by half an hour only.
        ("1 day", "2026-03-28 01:30", BERLIN, "2026-03-29 01:00"),
        ("1 day", "2026-10-02 15:45", LORD_HOWE, "2026-10-03 15:30"),
        # The day in New York, not in UTC.
        ("1 month", "2026-02-01 02:00", NEW_YORK, "2026-03-01 02:00"),
        ("0 days", "2026-10-25 01:30", BERLIN, "2026-10-25 01:30"),
    ],
)
def test_a_length_after_an_instant(length: str, instant: str, zone: ZoneInfo, expected: str) -> None:
    assert Length.parse(length).after(utc(instant), zone) == utc(expected)


def test_before_goes_back_on_the_same_clocks() -> None:
    assert Length(90, "day").before(utc("2026-04-01 12:00"), BERLIN) == utc("2026-01-01 13:00")
    assert Length(1, "month").before(utc("2026-03-31 10:00"), BERLIN) == utc("2026-02-28 11:00")
    assert Length(90, "minute").before(utc("2026-03-29 01:30"), BERLIN) == utc("2026-03-29 00:00")


def test_a_step_out_of_the_calendar_ends_at_its_end() -> None:
    assert Length(9999, "year").before(utc("2026-03-01 00:00"), BERLIN) == EARLIEST
    assert Length(9999, "year").after(utc("2026-03-01 00:00"), BERLIN) == LATEST
    assert Length(9999, "month").from_now(LATEST, BERLIN) == LATEST


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.datetimes(local("2010-01-01"), local("2027-01-01"), timezones=st.just(UTC)),
    st.timedeltas(timedelta(0), timedelta(days=2)),
    st.sampled_from(["1 day", "90 days", "1 month", "3 months", "1 year", "36 hours"]),
    st.sampled_from(ODD),
)
def test_a_moving_moment_never_runs_backwards(now: datetime, later: timedelta, text: str, zone: str) -> None:
    length = Length.parse(text)
    assert length.ago(now, ZoneInfo(zone)) <= length.ago(now + later, ZoneInfo(zone))
    assert length.from_now(now, ZoneInfo(zone)) <= length.from_now(now + later, ZoneInfo(zone))


def test_a_month_ago_stands_at_the_end_of_a_shorter_month() -> None:
    month = Length(1, "month")
    assert month.ago(utc("2026-03-28 19:00"), BERLIN) == utc("2026-02-28 19:00")
    assert month.ago(utc("2026-03-31 10:00"), BERLIN) == utc("2026-02-28 23:00")  # midnight in Berlin
    assert month.ago(utc("2026-03-31 22:00"), BERLIN) == utc("2026-02-28 23:00")  # 1 April


def test_a_day_ago_stands_still_in_the_hour_that_is_shown_twice() -> None:
    day = Length(1, "day")
    assert day.ago(utc("2026-10-25 00:59"), BERLIN) == utc("2026-10-24 00:59")
    assert day.ago(utc("2026-10-25 01:30"), BERLIN) == utc("2026-10-24 01:00")
    assert day.ago(utc("2026-10-25 02:30"), BERLIN) == utc("2026-10-24 01:30")


# --- Nominal local times ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "at", "zone", "expected"),
    [
        ("2026-03-01", "10:00", "Asia/Shanghai", "2026-03-01 02:00"),
        ("2026-03-29", "02:30", "Europe/Berlin", "2026-03-29 01:00"),  # gap of an hour: its end
        ("2026-03-29", "03:00", "Europe/Berlin", "2026-03-29 01:00"),
        ("2026-10-25", "02:30", "Europe/Berlin", "2026-10-25 00:30"),  # shown twice: the first
        ("2026-03-08", "02:59", "America/New_York", "2026-03-08 07:00"),
        ("2026-11-01", "01:30", "America/New_York", "2026-11-01 05:30"),
        ("2026-10-04", "02:15", "Australia/Lord_Howe", "2026-10-03 15:30"),  # gap of half an hour
        ("2026-04-05", "01:45", "Australia/Lord_Howe", "2026-04-04 14:45"),
        ("2026-03-29", "00:00", "Asia/Beirut", "2026-03-28 22:00"),  # midnight does not exist
        ("2018-11-04", "00:30", "America/Sao_Paulo", "2018-11-04 03:00"),
        ("2011-12-30", "12:00", "Pacific/Apia", "2011-12-30 10:00"),  # a whole day does not exist
        ("2024-02-29", "09:00", "UTC", "2024-02-29 09:00"),
    ],
)
def test_a_local_time_is_one_instant(day: str, at: str, zone: str, expected: str) -> None:
    assert local_instant(date.fromisoformat(day), parse_clock(at), ZoneInfo(zone)) == utc(expected)


@pytest.mark.parametrize(
    ("born", "year", "feb_29", "expected"),
    [
        ("1990-05-17", 2026, "feb 28", "2026-05-17"),
        ("2000-02-29", 2024, "mar 1", "2024-02-29"),
        ("2000-02-29", 2026, "feb 28", "2026-02-28"),
        ("2000-02-29", 2100, "mar 1", "2100-03-01"),
    ],
)
def test_an_anniversary_of_the_leap_day(born: str, year: int, feb_29: str, expected: str) -> None:
    assert anniversary(date.fromisoformat(born), year, feb_29).isoformat() == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["24:00", "9:00", "10:60", "10.00", "", "10:00:00", 600, "١٠:٠٠"])
def test_what_is_no_clock(text: object) -> None:
    assert not re.fullmatch(CLOCK, str(text), re.ASCII)
    with pytest.raises(ValueError, match="is not a time of day; write for example  09:30"):
        parse_clock(text)


# --- Windows of the day -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "instant", "expected"),
    [
        ("09:00-21:00", "2026-03-01 07:59", "2026-03-01 08:00"),
        ("09:00-21:00", "2026-03-01 08:00", "2026-03-01 08:00"),
        ("09:00-21:00", "2026-03-01 19:59:59.999999", "2026-03-01 19:59:59.999999"),
        ("09:00-21:00", "2026-03-01 20:00", "2026-03-02 08:00"),
        ("22:00-02:00", "2026-03-01 23:30", "2026-03-01 23:30"),
        ("22:00-02:00", "2026-03-01 01:00", "2026-03-01 21:00"),
        ("09:00-21:00", "2026-03-28 23:30", "2026-03-29 07:00"),  # the night in which the clocks change
        ("02:15-02:45", "2026-03-29 00:00", "2026-03-30 00:15"),  # a window that this day does not have
        ("02:30-02:45", "2026-10-25 01:15", "2026-10-26 01:30"),  # and one that it had already
    ],
)
def test_a_window_opens(window: str, instant: str, expected: str) -> None:
    parsed = DayWindow.parse(window)
    opening = parsed.opening(utc(instant), BERLIN)
    assert opening == utc(expected)
    assert parsed.opening(opening, BERLIN) == opening
    assert str(parsed) == window


@pytest.mark.parametrize("text", ["09:00", "9-21", "09:00-24:00", "09:00 - 21:00", "10:00-10:00", None])
def test_what_is_no_window(text: object) -> None:
    with pytest.raises(ValueError, match="write for example  09:00-21:00"):
        DayWindow.parse(text)


# --- Cron ---------------------------------------------------------------------------------------------------------


def test_cron_runs_on_naive_local_time() -> None:
    assert next_cron("0 9 * * 1", local("2026-03-01 12:00")) == local("2026-03-02 09:00")
    assert next_cron("30 2 * * *", local("2026-03-28 12:00")) == local("2026-03-29 02:30")
    with pytest.raises(ValueError, match="naive"):
        next_cron("0 9 * * 1", datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize("text", ["0 9 * * 1", "*/15 8-18 * * mon-fri", "0 0 29 2 *", "0 9 1 apr *", " 0  9 * * * "])
def test_a_rhythm_is_five_fields(text: str) -> None:
    assert parse_cron(text) == " ".join(text.split())


@pytest.mark.parametrize(
    "text", ["", "@daily", "* * * * * *", "61 * * * *", "R * * * *", "H 9 * * *", "0 9 * *", "a b c d e"]
)
def test_what_is_no_rhythm(text: str) -> None:
    with pytest.raises(ValueError, match="is not a rhythm; write minute, hour, day, month and weekday"):
        parse_cron(text)


def test_a_day_that_no_calendar_has() -> None:
    with pytest.raises(ValueError, match=r"`0 0 30 2 \*` never comes"):
        parse_cron("0 0 30 2 *")
