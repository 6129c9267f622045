"""Hours by day of the week: in the customer's zone, over midnight, and when the clocks change."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.clocks.windows import NeverOpens, WeekWindow

BERLIN = ZoneInfo("Europe/Berlin")
#: Weekdays nine to nine, Saturday from ten, nothing on Sunday.
WEEK = WeekWindow.parse({"weekdays": "09:00-21:00", "weekends": "10:00-20:00", "sunday": "closed"})


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("09:00-21:00", "09:00-21:00"),
        ({"weekdays": "09:00-21:00", "weekends": "10:00-20:00"}, "weekdays 09:00-21:00, weekends 10:00-20:00"),
        ({"weekdays": "09:00-21:00"}, "weekdays 09:00-21:00, weekends closed"),
        ({"weekends": "10:00-20:00", "sunday": "closed"}, "weekdays closed, saturday 10:00-20:00, sunday closed"),
    ],
)
def test_a_day_stands_before_its_group_and_what_is_not_named_is_closed(written: Any, shown: str) -> None:
    assert str(WeekWindow.parse(written)) == shown


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-06 19:59", "2026-03-06 19:59"),  # Friday, 20:59 in Berlin
        ("2026-03-06 20:00", "2026-03-07 09:00"),  # closed at nine: Saturday at ten
        ("2026-03-07 19:30", "2026-03-09 08:00"),  # Saturday evening: Monday at nine
        ("2026-03-08 12:00", "2026-03-09 08:00"),  # Sunday
        ("2026-03-28 20:00", "2026-03-30 07:00"),  # the clocks go forward in between
        ("2026-10-24 19:00", "2026-10-26 08:00"),  # and back
    ],
)
def test_it_opens_by_the_clock_of_the_customer(now: str, opens: str) -> None:
    assert WEEK.opening(_utc(now), BERLIN) == _utc(opens)


def test_hours_over_midnight_belong_to_the_day_on_which_they_open() -> None:
    late = WeekWindow.parse({"saturday": "22:00-02:00"})
    zone = ZoneInfo("UTC")
    assert late.holds(_utc("2026-03-08 01:59"), zone)  # Sunday
    assert not late.holds(_utc("2026-03-07 01:00"), zone)  # the night to Saturday
    assert late.opening(_utc("2026-03-08 02:00"), zone) == _utc("2026-03-14 22:00")


def test_hours_that_the_clocks_jump_over_come_a_week_later() -> None:
    gap = WeekWindow.parse({"sunday": "02:15-02:45"})
    assert gap.opening(_utc("2026-03-28 12:00"), BERLIN) == _utc("2026-04-05 00:15")


@pytest.mark.parametrize("written", [{"weekdays": "9-21"}, {"tue": "09:00-21:00"}, {}, "closed", "09:00"])
def test_what_is_no_window_says_how_to_write_one(written: Any) -> None:
    with pytest.raises(ValueError, match="write for example"):
        WeekWindow.parse(written)


def test_a_week_without_hours_is_refused() -> None:
    with pytest.raises(NeverOpens):
        WeekWindow.parse({"weekdays": "closed", "sunday": "closed"})
