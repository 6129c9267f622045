"""Holidays: one id, many calendars; the first day of a feast; rules; and what no calendar knows."""

from datetime import date

import pytest

from engine.calendars import ANYWHERE, UnknownDay, coming, read_day
from engine.workspace.holidays import builtin_holidays

NEW_YEAR = builtin_holidays()["lunar-new-year"]


@pytest.mark.parametrize(
    ("country", "days"),
    [
        ("CN", [date(2027, 2, 6), date(2028, 1, 26)]),
        ("KR", [date(2027, 2, 7), date(2028, 1, 27)]),  # Seollal is a day later in both years
        ("SG", [date(2027, 2, 6), date(2028, 1, 26)]),  # "(estimated)" from 2028 on
        (ANYWHERE, [date(2027, 2, 6), date(2028, 1, 26)]),
    ],
)
def test_each_country_has_its_own_day(country: str, days: list[date]) -> None:
    assert coming(NEW_YEAR.days[country], date(2026, 12, 1), 2) == days


@pytest.mark.parametrize("machine", ["C.UTF-8", "ko_KR.UTF-8", "de_DE.UTF-8"])
def test_the_language_of_the_machine_changes_nothing(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", machine)
    monkeypatch.setenv("LANGUAGE", machine)
    assert read_day("KR", "Chuseok", {}).in_year(2026) == (date(2026, 9, 25),)


@pytest.mark.parametrize(
    ("rule", "year", "day"),
    [
        ("12-25", 2026, date(2026, 12, 25)),
        ("second sunday of may", 2026, date(2026, 5, 10)),
        ("last sunday of november", 2026, date(2026, 11, 29)),
        ("first monday of june", 2026, date(2026, 6, 1)),
        ("easter", 2026, date(2026, 4, 5)),
        ("orthodox easter", 2026, date(2026, 4, 12)),
        ("21 days before easter", 2026, date(2026, 3, 15)),
        ("02-29", 2028, date(2028, 2, 29)),
    ],
)
def test_a_rule_says_the_day(rule: str, year: int, day: date) -> None:
    assert read_day(ANYWHERE, rule, {}).in_year(year) == (day,)


def test_a_day_that_a_year_does_not_have_is_left_out() -> None:
    assert read_day(ANYWHERE, "02-29", {}).in_year(2027) == ()


def test_of_a_feast_of_several_days_the_first_counts() -> None:
    assert read_day("CN", "Chinese New Year (Spring Festival)", {}).in_year(2026) == (date(2026, 2, 17),)


def test_a_feast_that_comes_twice_in_a_year_is_two() -> None:
    assert len(read_day("TR", "Eid al-Fitr", {}).in_year(2033)) == 2


def test_beyond_the_calendars_there_is_nothing() -> None:
    day = read_day("KR", "Chuseok", {})
    assert day.in_year(2101) == ()
    assert coming(day, date(2100, 12, 1), 3) == []


@pytest.mark.parametrize(
    ("country", "text", "says"),
    [
        ("CN", "Mid-Autum Festival", "the calendar of CN has no `Mid-Autum Festival`"),
        ("ZZ", "Anything", "no calendar is known of `ZZ`"),
        (ANYWHERE, "Christmas Day", "`Christmas Day` is no day of every country"),
        (ANYWHERE, "13-01", "`13-01` is no day of every country"),
        (ANYWHERE, "02-30", "`02-30` is no day of every country"),
        (ANYWHERE, "KR", "`KR` is no day of every country"),  # no day of KR stands beside it
    ],
)
def test_what_no_calendar_knows_is_said(country: str, text: str, says: str) -> None:
    with pytest.raises(UnknownDay, match=says):
        read_day(country, text, {})


def test_every_built_in_holiday_comes_in_each_of_the_next_years() -> None:
    for holiday in builtin_holidays().values():
        for country, day in holiday.days.items():
            assert all(day.in_year(year) for year in (2026, 2027, 2028, 2029)), (holiday.id, country)
