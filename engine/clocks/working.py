"""Working days: lengths that count the days on which the shop's people are there, by the brand's own clock.

Outside the hours nothing is counted: `2 working days` from a Saturday begin on Monday when the doors open, and are over
on Wednesday at that hour. From Tuesday at 15:00 they are over on Thursday at 15:00. Backwards, `1 working day before` a
Saturday or a Monday without an hour is Friday when the doors open.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from engine.clocks.times import EARLIEST, LASTING, LATEST, LENGTH, DayWindow, Length, NotALength, local_instant

#: A number of working days, as a regular expression without anchors.
WORKING: Final = r"\d{1,3} working days?"
#: Any length of time, working days among them.
SPAN: Final = rf"{LENGTH}|{WORKING}"
#: One that is longer than nothing; no working day at all is the next moment at which somebody is there.
LASTING_SPAN: Final = rf"{LASTING}|{WORKING}"
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY: Final = timedelta(days=1)
#: No shop is closed for so long; a calendar that says so ends the search.
_LONGEST: Final = 3_700


@dataclass(frozen=True)
class WorkingDays:
    """A number of working days."""

    count: int

    def __str__(self) -> str:
        return f"{self.count} working day{'' if self.count == 1 else 's'}"

    @property
    def approximate(self) -> timedelta:
        """The length on average, for comparing lengths with each other: five working days are a week."""
        return self.count * _DAY * 7 / 5


#: A length by everybody's calendar, or by the shop's.
Span = Length | WorkingDays


def parse_span(text: Any) -> Span:
    """Reads `2 days` or `2 working days`. Raises `NotALength`."""
    if isinstance(text, WorkingDays):
        return text
    if isinstance(text, str) and re.fullmatch(WORKING, text, re.ASCII):
        return WorkingDays(int(text.split(" ")[0]))
    try:
        return Length.parse(text)
    except NotALength:
        raise NotALength(str(text), working=True) from None


def parse_lasting_span(text: Any) -> Span:
    """The same of a length that is more than nothing. Raises `NotALength`."""
    found = parse_span(text)
    return Length.lasting(text) if isinstance(found, Length) else found


class Feast(Protocol):
    """A holiday in one country."""

    def in_year(self, year: int) -> tuple[date, ...]:
        """Its days in that year."""


@dataclass(frozen=True)
class Week:
    """When the shop's people are there: days of the week, hours, and single days on which they are not."""

    zone: ZoneInfo
    days: frozenset[int] = frozenset(range(5))  # Monday is 0
    hours: DayWindow = field(default_factory=lambda: DayWindow(time(9), time(18)))
    closed: frozenset[date] = frozenset()
    feasts: tuple[Feast, ...] = ()

    def works(self, day: date | None) -> bool:
        """Whether that is a working day."""
        if day is None or day.weekday() not in self.days or day in self.closed:
            return False
        return not any(day in feast.in_year(day.year) for feast in self.feasts)

    def after(self, instant: datetime, count: int) -> datetime:
        """So many working days later, at the same hour; outside the hours it is counted from the next opening."""
        local = instant.astimezone(self.zone)
        day: date | None = local.date()
        at = local.time()
        if not self.works(day) or at >= self.hours.closes:
            day, at = self._next(day, 1), self.hours.opens
        elif at < self.hours.opens:
            at = self.hours.opens
        return self._moved(day, at, count, 1)

    def before(self, instant: datetime, count: int) -> datetime:
        """So many working days earlier, at the same hour, or at the closing where it is later.

        A day off and the time before the doors open have no such hour: the working days before that day are counted,
        and the last of them begins with its opening. No working day at all before them is the last closing.
        """
        local = instant.astimezone(self.zone)
        day, at = local.date(), local.time()
        if self.works(day) and at >= self.hours.opens:
            return self._moved(day, min(at, self.hours.closes), count, -1)
        return self._moved(day, self.hours.opens if count else self.hours.closes, max(count, 1), -1)

    def open_on(self, days: frozenset[int], instant: datetime) -> datetime:
        """The same hour on the first of these days of the week, which take the place of the shop's own, on which it is
        not closed."""
        asked, day = replace(self, days=days), instant.astimezone(self.zone).date()
        if asked.works(day):
            return instant
        found = asked._next(day, 1)
        return LATEST if found is None else Length((found - day).days, "day").after(instant, self.zone)

    def _moved(self, day: date | None, at: time, count: int, sign: int) -> datetime:
        for _ in range(count):
            day = self._next(day, sign)
        if day is None:
            return LATEST if sign > 0 else EARLIEST
        return local_instant(day, at, self.zone)

    def _next(self, day: date | None, sign: int) -> date | None:
        if day is None:
            return None
        try:
            tries = (day + sign * days * _DAY for days in range(1, _LONGEST))
            return next((one for one in tries if self.works(one)), None)
        except OverflowError:
            return None


def span_after(span: Span, instant: datetime, zone: ZoneInfo, week: Week) -> datetime:
    """The instant that much later: calendar days by the clocks of `zone`, working days by the shop's week."""
    if isinstance(span, WorkingDays):
        return week.after(instant, span.count)
    return span.after(instant, zone)


def span_before(span: Span, instant: datetime, zone: ZoneInfo, week: Week) -> datetime:
    """The instant that much earlier. A date is its midnight by the clocks of `zone`: its days are counted by them too."""
    if isinstance(span, WorkingDays):
        a_date = instant == local_instant(instant.astimezone(zone).date(), time(0), zone)
        return (replace(week, zone=zone) if a_date else week).before(instant, span.count)
    return span.before(instant, zone)


def parse_days(value: Any) -> frozenset[int]:
    """Reads `monday-friday`, `monday`, or a list of such. Raises `ValueError` in words for authors."""
    found: set[int] = set()
    for one in value if isinstance(value, list | tuple) else [value]:
        first, _, last = str(one).partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            raise ValueError(f"`{one}` is not a day of the week; write for example  monday-friday")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found |= set(range(begin, end + 1)) if begin <= end else {*range(begin, 7), *range(end + 1)}
    if not found:
        raise ValueError("no day is named; write for example  monday-friday")
    return frozenset(found)
