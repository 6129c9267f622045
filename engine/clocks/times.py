"""Lengths of time, hours of the day and nominal local times: how a calendar step or a wall clock becomes an instant.

Arithmetic happens either on naive local wall time or on UTC instants, never on aware local times: within one zone
Python subtracts and adds by wall clock, so that a day of 23 hours would count 24.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from croniter import croniter
from dateutil.relativedelta import relativedelta

#: A length of time, as a regular expression without anchors.
LENGTH: Final = r"\d{1,4} (?:minute|hour|day|week|month|year)s?"
#: One that is longer than nothing.
LASTING: Final = rf"(?!0+ ){LENGTH}"
#: An hour of the day, as a regular expression without anchors.
CLOCK: Final = r"(?:[01]\d|2[0-3]):[0-5]\d"

#: Calendar steps end here, so that `9999 years ago` is a moment like any other.
EARLIEST: Final = datetime(1, 1, 3, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 29, tzinfo=UTC)

Unit = Literal["minute", "hour", "day", "week", "month", "year"]
_UNITS: Final[tuple[Unit, ...]] = ("minute", "hour", "day", "week", "month", "year")
_SHORT: Final[dict[str, Unit]] = {
    **{unit: unit for unit in _UNITS},
    **{f"{unit}s": unit for unit in _UNITS},
    **dict.fromkeys(("m", "min", "mins"), "minute"),
    **dict.fromkeys(("h", "hr", "hrs"), "hour"),
    **dict.fromkeys(("d",), "day"),
    **dict.fromkeys(("w", "wk", "wks"), "week"),
    **dict.fromkeys(("mo", "mon", "mth"), "month"),
    **dict.fromkeys(("y", "yr", "yrs"), "year"),
}
_APPROXIMATE: Final[dict[Unit, timedelta]] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30.44),
    "year": timedelta(days=365.25),
}
_DAY: Final = timedelta(days=1)
#: What croniter reads as "some minute", by hash or at random: a rhythm that no one could foretell.
_RANDOM: Final = r"(?<![A-Za-z])[HhRr](?![A-Za-z])"


class NotALength(ValueError):
    """A text is no length of time; `helps` say what to type instead, working days only where they are one (`working`)."""

    def __init__(self, text: str, *, working: bool = False) -> None:
        nothing = re.fullmatch(LENGTH, text, re.ASCII) is not None and text.startswith("0")
        super().__init__(f"`{text}` is no time at all" if nothing else f"`{text}` is not a length of time")
        self.helps: tuple[str, ...] = ("write for example  7 days",) if nothing else _helps(text, working)


def _helps(text: str, working: bool) -> tuple[str, ...]:
    found = re.fullmatch(
        r"(\d{1,3})\s*(?:business|office|work|workign|week)[\s-]?days?", text.strip().lower(), re.ASCII
    )
    near = f"{found[1]} working days" if found and working else near_length(text)
    units = f"units: minutes, hours, days, {'working days, ' if working else ''}weeks, months, years"
    return (f"did you mean `{near}`?", units) if near else (units,)


@dataclass(frozen=True)
class Length:
    """A whole number of one unit. Days and longer are calendar steps, minutes and hours are elapsed time."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: Any) -> "Length":
        """Reads `7 days`. Raises `NotALength`."""
        if isinstance(text, cls):
            return text
        if not isinstance(text, str) or not re.fullmatch(LENGTH, text, re.ASCII):
            raise NotALength(str(text))
        count, unit = text.split(" ")
        return cls(int(count), _SHORT[unit])

    @classmethod
    def lasting(cls, text: Any) -> "Length":
        """The same of a length that is more than nothing. Raises `NotALength`."""
        found = cls.parse(text)
        if not found.count and isinstance(text, str):
            raise NotALength(text)
        return found

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"

    @property
    def approximate(self) -> timedelta:
        """The length on average (a month is 30.44 days), for comparing lengths with each other."""
        return self.count * _APPROXIMATE[self.unit]

    def after(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The instant this much later on the clocks of `zone`; 31 January and one month is the last day of February."""
        return self._step(instant, zone, 1)

    def before(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The instant this much earlier on the clocks of `zone`."""
        return self._step(instant, zone, -1)

    def ago(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The same as `before`, but never running backwards as `now` goes on.

        In an hour that the clocks show twice it stands at the hour's end, and on the 31st of March a month ago is the
        end of February: else a customer who was longer away than that would be back for some hours.
        """
        return self._step(now, zone, -1, steady=True)

    def from_now(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The same as `after`, but never running backwards as `now` goes on."""
        return self._step(now, zone, 1, steady=True)

    def _step(self, instant: datetime, zone: ZoneInfo, sign: int, *, steady: bool = False) -> datetime:
        return _stepped(self, instant.astimezone(UTC), zone, sign, steady)


@lru_cache(maxsize=4096)
def _stepped(length: Length, instant: datetime, zone: ZoneInfo, sign: int, steady: bool) -> datetime:
    """Kept, since all runs of a batch and all playbooks of a tick ask at the same instant."""
    count = sign * length.count
    try:
        if length.unit in ("minute", "hour"):
            return _within(instant + count * _APPROXIMATE[length.unit])
        if count == 0:
            return instant  # not by way of the wall clock, which shows some hours twice
        local = _steady_wall_clock(instant, zone) if steady else instant.astimezone(zone).replace(tzinfo=None)
        return _within(_to_instant(_calendar_step(local, count, length.unit, steady), zone))
    except (OverflowError, ValueError):  # beyond the years 1 to 9999
        return LATEST if sign > 0 else EARLIEST


@dataclass(frozen=True)
class DayWindow:
    """The hours of a day from `opens` to just before `closes`; it may go over midnight."""

    opens: time
    closes: time

    @classmethod
    def parse(cls, text: Any) -> "DayWindow":
        """Reads `09:00-21:00`. Raises `ValueError` in words for authors."""
        if isinstance(text, cls):
            return text
        if not isinstance(text, str) or not re.fullmatch(f"{CLOCK}-{CLOCK}", text, re.ASCII):
            raise ValueError(f"`{text}` is not a window of the day; write for example  09:00-21:00")
        opens, closes = (parse_clock(end) for end in text.split("-"))
        if opens == closes:
            raise ValueError(f"`{text}` begins when it ends; write for example  09:00-21:00")
        return cls(opens, closes)

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"

    def holds(self, instant: datetime, zone: ZoneInfo) -> bool:
        """Whether the clocks of `zone` are inside the window at that instant."""
        local = instant.astimezone(zone).time()
        if self.opens < self.closes:
            return self.opens <= local < self.closes
        return local >= self.opens or local < self.closes

    def opening(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The instant itself where it is inside the window, else when the window opens next."""
        if self.holds(instant, zone):
            return instant.astimezone(UTC)
        today = instant.astimezone(zone).date()
        # A window inside a gap of the clocks does not open on that day; two such days in a row do not exist.
        coming = (local_instant(today + days * _DAY, self.opens, zone) for days in range(4))
        return next(opening for opening in coming if opening >= instant and self.holds(opening, zone))


def parse_clock(text: Any) -> time:
    """Reads `10:00`. Raises `ValueError` in words for authors."""
    if isinstance(text, time):
        return text
    if not isinstance(text, str) or not re.fullmatch(CLOCK, text, re.ASCII):
        raise ValueError(f"`{text}` is not a time of day; write for example  09:30")
    return time.fromisoformat(text)


def near_length(text: str) -> Length | None:
    """What the author of `7d` or `a week` likely meant; None where that is not plain."""
    if re.fullmatch(r"\d{1,4}", text.strip(), re.ASCII):
        return Length(int(text), "day")  # the unit that nearly all lengths in playbooks have
    found = re.fullmatch(r"(\d{1,4}|an?|one)\s*[-_]?\s*([a-z]+)\.?", text.strip().lower(), re.ASCII)
    near = get_close_matches(found[2], _SHORT, n=1, cutoff=0.7) if found else []
    if found is None or not near:
        return None
    unit = _SHORT[near[0]]
    return Length(int(found[1]) if found[1].isdigit() else 1, unit)


@cache  # `ZoneInfo` itself keeps no more than eight
def zone_named(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises `ZoneInfoNotFoundError`."""
    return ZoneInfo(name)


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks of `zone` show that day and time.

    A time that the clocks jump over is the first instant after the jump; one that they show twice is the first.
    """
    return _to_instant(datetime.combine(day, at), zone)


def parse_cron(text: Any) -> str:
    """A cron expression of five fields that fires some day. Raises `ValueError` in words for authors."""
    expression = " ".join(str(text).split())
    if len(expression.split(" ")) != 5 or not croniter.is_valid(expression) or re.search(_RANDOM, expression):
        raise ValueError(
            f"`{text}` is not a rhythm; write minute, hour, day, month and weekday, for example  0 9 * * 1"
        )
    try:
        next_cron(expression, datetime.combine(date(2000, 1, 1), time()))
    except ValueError:
        raise ValueError(f"`{text}` never comes: there is no such day") from None
    return expression


def next_cron(expression: str, after_local: datetime) -> datetime:
    """The next time of a cron expression after a naive local time, naive again. Raises `ValueError` where none comes.

    The zone is applied afterwards, by `local_instant`: on aware times croniter fires twice when the clocks go back.
    """
    if after_local.tzinfo is not None:
        raise ValueError("cron runs on naive local time")
    following: datetime = croniter(expression, after_local).get_next(datetime)
    return following


def anniversary(born: date, year: int, feb_29: Literal["feb 28", "mar 1"]) -> date:
    """The anniversary of a day in that year; `feb_29` says when those of 29 February keep it in common years."""
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28) if feb_29 == "feb 28" else date(year, 3, 1)


def _calendar_step(local: datetime, count: int, unit: Unit, steady: bool) -> datetime:
    if unit in ("day", "week"):
        return local + count * _APPROXIMATE[unit]
    stepped = local + (relativedelta(months=count) if unit == "month" else relativedelta(years=count))
    if steady and stepped.day != local.day:
        return datetime.combine(stepped.date() + _DAY, time())
    return stepped


def _steady_wall_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    local = instant.astimezone(zone)
    if local.fold == 0:
        return local.replace(tzinfo=None)
    shown_twice = local.replace(fold=0).astimezone(UTC), local.astimezone(UTC)
    return _change_of_clocks(*shown_twice, zone)[0]


def _within(instant: datetime) -> datetime:
    return min(max(instant, EARLIEST), LATEST)


def _to_instant(local: datetime, zone: ZoneInfo) -> datetime:
    first = local.replace(tzinfo=zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return first
    before, after = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    return _change_of_clocks(before, after, zone)[1]


def _change_of_clocks(before: datetime, after: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The one change of the clocks between two instants: what the old clocks show then, and its instant."""
    second = timedelta(seconds=1)
    old = before.astimezone(zone).utcoffset() or timedelta()
    before, after = before.replace(microsecond=0), after.replace(microsecond=0)
    while after - before > second:
        middle = before + (after - before) // second // 2 * second
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return (after + old).replace(tzinfo=None), after
