"""Holidays by stable ids: on which day each is kept in a country, by a rule or by the calendars of the `holidays` library."""

import re
from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, Protocol

import holidays
from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN, easter

from engine.source.near import suggest

#: Instead of a country: where no other calendar is named, and for customers whose country nobody knows.
ANYWHERE = "anywhere"
#: A rule of `anywhere` or of a country, as a regular expression without anchors.
COUNTRY = r"[A-Z]{2}"

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ORDINALS = ("first", "second", "third", "fourth", "last")
_NTH = rf"({'|'.join(_ORDINALS)}) ({'|'.join(_WEEKDAYS)}) of ({'|'.join(_MONTHS)})"
_EASTER = r"(?:(\d{1,2}) days? (before|after) )?(orthodox )?easter"
#: The days of one feast lie closer together than this; two of one year (Eid, some years) farther apart.
_ONE_FEAST = timedelta(days=20)
#: What the library adds to a day that depends on a moon yet to be seen.
_ESTIMATE = " (estimated)"
#: Years in which a name must stand in a country's calendar at least once, to be known there.
_SAMPLE = range(2024, 2034)


class Day(Protocol):
    """One way to say on which day a holiday is kept."""

    def in_year(self, year: int) -> tuple[date, ...]:
        """Its days in that year, as a rule one; none where no calendar reaches so far."""


@dataclass(frozen=True)
class Fixed:
    """The same day each year: `12-25`."""

    month: int
    day: int

    def in_year(self, year: int) -> tuple[date, ...]:
        """That day; none in a year that does not have it."""
        return (date(year, self.month, self.day),) if self.day <= monthrange(year, self.month)[1] else ()


@dataclass(frozen=True)
class Nth:
    """`second sunday of may`."""

    ordinal: str
    weekday: int
    month: int

    def in_year(self, year: int) -> tuple[date, ...]:
        """That one day."""
        first, length = monthrange(year, self.month)
        earliest = 1 + (self.weekday - first) % 7
        days = range(earliest, length + 1, 7)
        return (date(year, self.month, days[_ORDINALS.index(self.ordinal)] if self.ordinal != "last" else days[-1]),)


@dataclass(frozen=True)
class OfEaster:
    """`easter`, `21 days before easter`, `orthodox easter`."""

    days: int
    method: Literal[1, 2, 3]

    def in_year(self, year: int) -> tuple[date, ...]:
        """That one day."""
        return (easter(year, self.method) + timedelta(days=self.days),)


@dataclass(frozen=True)
class Named:
    """A holiday of a country's own calendar; of several days in a row the first counts."""

    country: str
    name: str

    def in_year(self, year: int) -> tuple[date, ...]:
        """The first day of each feast of that name."""
        days = sorted(
            {*_calendar(self.country, year - 1).get(self.name, ()), *_calendar(self.country, year).get(self.name, ())}
        )
        firsts = [day for before, day in zip([date.min, *days], days, strict=False) if day - before > _ONE_FEAST]
        return tuple(day for day in firsts if day.year == year)


@dataclass(frozen=True)
class Holiday:
    """One id, and the day it is kept on in each country; those of no other calendar keep that of `anywhere`."""

    id: str
    days: Mapping[str, Day]

    @property
    def countries(self) -> tuple[str, ...]:
        """The countries with a calendar of their own."""
        return tuple(sorted(name for name in self.days if name != ANYWHERE))

    def on(self, day: date) -> tuple[str, ...]:
        """The countries, and `anywhere`, that keep it on that day."""
        return tuple(name for name, kept in self.days.items() if day in kept.in_year(day.year))

    def in_year(self, year: int) -> tuple[date, ...]:
        """All its days, whatever the country."""
        return tuple(sorted({day for kept in self.days.values() for day in kept.in_year(year)}))


def coming(kept: Day, after: date, count: int) -> list[date]:
    """The next days of a calendar after `after`; fewer where it does not reach so far."""
    found: Iterable[date] = (day for year in range(after.year, after.year + count + 3) for day in kept.in_year(year))
    return [day for day in found if day > after][:count]


def read_day(country: str, text: str, others: Mapping[str, str]) -> Day:
    """A day as files write it. `others` are the days of the same holiday by country, for `anywhere: CN`.

    Raises `UnknownDay` in words for authors.
    """
    if text in others and re.fullmatch(COUNTRY, text) and re.fullmatch(COUNTRY, others[text]) is None:
        return read_day(text, others[text], {})
    rule = _rule(text)
    if rule is not None:
        return rule
    if country == ANYWHERE:
        example = "write a rule:  12-25,  second sunday of may,  easter;  or one of the countries above:  CN"
        raise UnknownDay(f"`{text}` is no day of every country", (example,))
    known = names(country)
    if not known:
        raise UnknownDay(f"no calendar is known of `{country}`", ("write a rule:  12-25  or  second sunday of may",))
    if text not in known:
        raise UnknownDay(f"the calendar of {country} has no `{text}`", suggest(text, known, "it has"))
    return Named(country, text)


class UnknownDay(ValueError):
    """A text names no day; `helps` say what to write instead."""

    def __init__(self, text: str, helps: tuple[str, ...]) -> None:
        super().__init__(text)
        self.helps = helps


def _rule(text: str) -> Day | None:
    fixed = re.fullmatch(r"(\d\d)-(\d\d)", text)
    if fixed:
        month, day = int(fixed[1]), int(fixed[2])
        return Fixed(month, day) if 1 <= month <= 12 and 1 <= day <= monthrange(2024, month)[1] else None
    if nth := re.fullmatch(_NTH, text):
        return Nth(nth[1], _WEEKDAYS.index(nth[2]), _MONTHS.index(nth[3]) + 1)
    if found := re.fullmatch(_EASTER, text):
        days = int(found[1] or 0) * (-1 if found[2] == "before" else 1)
        return OfEaster(days, EASTER_ORTHODOX if found[3] else EASTER_WESTERN)
    return None


@lru_cache(maxsize=256)
def names(country: str) -> Collection[str]:
    """The names in a country's calendar; none where there is no such calendar."""
    return sorted({name for year in _SAMPLE for name in _calendar(country, year)})


@lru_cache(maxsize=1024)
def _calendar(country: str, year: int) -> Mapping[str, tuple[date, ...]]:
    """A country's days by name. The language is always said, else the names would depend on that of the machine."""
    try:
        kind = type(holidays.country_holidays(country))
    except NotImplementedError:
        return {}
    language = "en_US" if "en_US" in kind.supported_languages else kind.default_language
    found = holidays.country_holidays(
        country, years=year, observed=False, language=language, categories=kind.supported_categories
    )
    days: dict[str, set[date]] = {}
    for day in found:
        for name in found.get_list(day):
            days.setdefault(name.removesuffix(_ESTIMATE), set()).add(day)
    return {name: tuple(sorted(one)) for name, one in days.items()}
