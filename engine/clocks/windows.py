"""The hours in which something may reach people, by the day of the week: `{weekdays: 09:00-21:00, sunday: closed}`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.clocks.times import DayWindow, local_instant

#: As Python counts them.
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: Words for several days; a day's own word stands before them.
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {"weekdays": DAYS[:5], "weekends": DAYS[5:]}
#: No message at all on that day.
CLOSED: Final = "closed"

_DAY: Final = timedelta(days=1)
_EXAMPLE: Final = "write for example  {weekdays: 09:00-21:00, weekends: 10:00-20:00}"


class NeverOpens(ValueError):
    """All seven days are closed; nothing could ever go."""

    rule = "never-opens"


class NotADay(ValueError):
    """A key of a window is no day."""


@dataclass(frozen=True)
class WeekWindow:
    """The hours of each day of the week, Monday first; None where the day is closed.

    Hours that go over midnight belong to the day on which they open.
    """

    days: tuple[DayWindow | None, ...]

    @classmethod
    def parse(cls, written: Any) -> "WeekWindow":
        """Reads `09:00-21:00`, the same each day, or hours by day; days not named are closed. Raises `ValueError`."""
        if isinstance(written, cls):
            return written
        if not isinstance(written, Mapping):
            return cls((DayWindow.parse(written),) * 7)
        unknown = [key for key in written if key not in (*DAYS, *GROUPS)]
        if unknown or not written:
            raise NotADay(f"`{unknown[0] if unknown else ''}` is not a day; {_EXAMPLE}")
        said = {key: None if str(hours) == CLOSED else DayWindow.parse(hours) for key, hours in written.items()}
        groups = {day: said[group] for group, members in GROUPS.items() if group in said for day in members}
        window = cls(tuple(said.get(day, groups.get(day)) for day in DAYS))
        if not any(window.days):
            raise NeverOpens("this window never opens: every day is closed; give at least one day its hours")
        return window

    def __str__(self) -> str:
        first = self.days[0]
        if first is not None and all(hours == first for hours in self.days):
            return str(first)
        parts: list[tuple[str, DayWindow | None]] = []
        for word, members in GROUPS.items():
            hours = {self.days[DAYS.index(day)] for day in members}
            parts += (
                [(word, hours.pop())] if len(hours) == 1 else [(day, self.days[DAYS.index(day)]) for day in members]
            )
        return ", ".join(f"{word} {hours or CLOSED}" for word, hours in parts)

    def holds(self, instant: datetime, zone: ZoneInfo) -> bool:
        """Whether the clocks of `zone` are inside the window at that instant."""
        local = instant.astimezone(zone)
        today, yesterday = self._on(local.date()), self._on(local.date() - _DAY)
        at = local.time()
        if today is not None and at >= today.opens and (at < today.closes or today.closes < today.opens):
            return True
        return yesterday is not None and yesterday.closes < yesterday.opens and at < yesterday.closes

    def opening(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The instant itself where it is inside the window, else when the window opens next."""
        if self.holds(instant, zone):
            return instant.astimezone(UTC)
        today = instant.astimezone(zone).date()
        # Hours inside a gap of the clocks do not come on that day: two weeks hold one that does.
        for day in (today + number * _DAY for number in range(16)):
            hours = self._on(day)
            opening = local_instant(day, hours.opens, zone) if hours is not None else None
            if opening is not None and opening >= instant and self.holds(opening, zone):
                return opening
        raise NeverOpens(f"the window {self} does not open within two weeks")

    def _on(self, day: date) -> DayWindow | None:
        return self.days[day.weekday()]
