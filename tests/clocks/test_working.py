"""Working days: counted by the shop's own hours, weekends and closed days."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.clocks.times import EARLIEST, LATEST, DayWindow, Length, NotALength
from engine.clocks.working import Week, WorkingDays, parse_days, parse_lasting_span, parse_span, span_after, span_before
from engine.workspace import load_texts

BERLIN = ZoneInfo("Europe/Berlin")
UNITS = "units: minutes, hours, days, working days, weeks, months, years"
WEEK = Week(BERLIN, closed=frozenset({date(2026, 4, 3), date(2026, 4, 6)}))  # Good Friday and Easter Monday


def at(text: str) -> datetime:
    """That time on the clocks of Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("begin", "count", "end"),
    [
        ("2026-03-03 15:00", 2, "2026-03-05 15:00"),  # a Tuesday
        ("2026-03-06 15:00", 2, "2026-03-10 15:00"),  # over the weekend
        ("2026-03-07 12:00", 2, "2026-03-11 09:00"),  # from a Saturday: from Monday when the doors open
        ("2026-03-06 18:00", 1, "2026-03-10 09:00"),  # closing time is outside
        ("2026-03-05 07:00", 1, "2026-03-06 09:00"),  # before the doors open
        ("2026-04-02 10:00", 1, "2026-04-07 10:00"),  # over the feast
        ("2026-03-27 10:00", 1, "2026-03-30 10:00"),  # over the change of the clocks
        ("2026-03-07 12:00", 0, "2026-03-09 09:00"),
    ],
)
def test_after(begin: str, count: int, end: str) -> None:
    assert WEEK.after(at(begin), count) == at(end)


@pytest.mark.parametrize(
    ("begin", "count", "end"),
    [
        ("2026-03-05 15:00", 2, "2026-03-03 15:00"),
        ("2026-03-09 15:00", 1, "2026-03-06 15:00"),
        ("2026-03-07 12:00", 1, "2026-03-06 09:00"),  # from a Saturday: Friday when the doors open
        ("2026-03-07 12:00", 2, "2026-03-05 09:00"),
        ("2026-03-04 00:00", 1, "2026-03-03 09:00"),  # a Wednesday without an hour
        ("2026-03-09 08:00", 1, "2026-03-06 09:00"),  # before the doors open
        ("2026-03-05 20:00", 1, "2026-03-04 18:00"),  # in the evening
        ("2026-04-05 12:00", 1, "2026-04-02 09:00"),  # from a feast
        ("2026-03-07 12:00", 0, "2026-03-06 18:00"),
        ("2026-04-07 10:00", 1, "2026-04-02 10:00"),
        ("2026-03-05 20:00", 0, "2026-03-05 18:00"),
    ],
)
def test_before(begin: str, count: int, end: str) -> None:
    assert WEEK.before(at(begin), count) == at(end)


def test_the_week_is_the_brands_and_calendar_days_are_the_customers() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    begin = at("2026-03-06 15:00")
    assert span_after(parse_span("1 working day"), begin, tokyo, WEEK) == at("2026-03-09 15:00")
    assert span_after(parse_span("1 day"), begin, tokyo, WEEK) == at("2026-03-07 15:00")
    assert span_before(parse_span("1 working day"), begin, tokyo, WEEK) == at("2026-03-05 15:00")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/Istanbul", "Asia/Tokyo", "Pacific/Honolulu"])
def test_days_before_a_date_are_counted_by_the_customers_calendar(zone: str) -> None:
    there = ZoneInfo(zone)
    for day, before in ((4, 3), (9, 6), (8, 6)):  # a Wednesday, a Monday, a Sunday
        found = span_before(WorkingDays(1), datetime(2026, 3, day, tzinfo=there), there, WEEK)
        assert found == datetime(2026, 3, before, 9, tzinfo=there)


def test_a_shop_that_never_opens_ends_the_search() -> None:
    never = Week(BERLIN, days=frozenset())
    assert never.after(at("2026-03-06 15:00"), 1) == LATEST
    assert never.before(at("2026-03-06 15:00"), 1) == EARLIEST


def test_written_and_read() -> None:
    assert parse_span("2 working days") == WorkingDays(2)
    assert str(WorkingDays(1)) == "1 working day"
    assert parse_span("2 days") == Length(2, "day")


@pytest.mark.parametrize(
    ("text", "helps"),
    [
        ("2 workdays", ("did you mean `2 working days`?", UNITS)),
        ("2 working hours", (UNITS,)),
        ("7d", ("did you mean `7 days`?", UNITS)),
        ("0 days", ("write for example  7 days",)),
    ],
)
def test_what_is_no_length_is_told_that_working_days_are_one(text: str, helps: tuple[str, ...]) -> None:
    with pytest.raises(NotALength) as caught:
        parse_lasting_span(text)
    assert caught.value.helps == helps


def test_where_working_days_are_no_length_they_are_not_spoken_of() -> None:
    with pytest.raises(NotALength) as caught:
        Length.parse("2 workdays")
    assert caught.value.helps == ("units: minutes, hours, days, weeks, months, years",)


def test_days_of_the_week() -> None:
    assert parse_days("monday-friday") == frozenset(range(5))
    assert parse_days(["thursday", "saturday-monday"]) == {3, 5, 6, 0}
    with pytest.raises(ValueError, match="not a day of the week"):
        parse_days("workdays")


def test_hours_of_its_own() -> None:
    week = Week(BERLIN, days=parse_days("tuesday-saturday"), hours=DayWindow.parse("11:00-19:00"))
    assert week.after(at("2026-03-07 18:30"), 1) == at("2026-03-10 18:30")


def test_holidays_by_the_shops_country() -> None:
    settings = """
brand: {name: Fine Shop, address: '1 High Street, Springfield'}
timezone: Asia/Shanghai
working: {closed: [lunar-new-year, 2026-05-01], country: CN}
"""
    found = load_texts({"settings/regulars.yaml": settings}).settings
    assert found is not None
    days = [date(2026, 2, 17), date(2026, 2, 16), date(2026, 5, 1), date(2027, 2, 6), date(2027, 2, 8)]
    assert [found.week.works(day) for day in days] == [False, True, False, False, True]
    unknown = load_texts({"settings/regulars.yaml": settings.replace("lunar-new-year", "lunar-new-yaer")})
    assert [problem.rule for problem in unknown.errors] == ["unknown-holiday"]
