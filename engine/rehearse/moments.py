"""Moments in test files: `2026-03-01 12:00`, read by the clocks of a zone, and an instant written the same way."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from engine.clocks.times import local_instant, zone_named
from engine.settings import is_zone
from engine.source.near import near

_WRITTEN = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(:\d{2})?)(?: (\S+))?", re.ASCII)


class Misread(ValueError):
    """A text is not what its place asks for; `rule` names the mistake, `helps` say what to type instead."""

    def __init__(self, rule: str, text: str, *helps: str) -> None:
        super().__init__(text)
        self.rule, self.helps = rule, helps


@dataclass(frozen=True)
class Moment:
    """An instant as an author wrote it: to the minute, or to the second."""

    instant: datetime
    written: str
    span: timedelta = timedelta(minutes=1)

    def holds(self, instant: datetime) -> bool:
        """Whether an instant is this moment, as far as the author was precise."""
        return self.instant <= instant < self.instant + self.span


def read_moment(text: str, zone: ZoneInfo) -> Moment:
    """Reads a moment; its own zone, where it ends in one, stands before `zone`. Raises `Misread`."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise Misread("moment", f"`{text}` is not a moment", "write for example  2026-03-01 12:00")
    day, clock, seconds, name = found.groups()
    if name is not None and not is_zone(name):
        raise unknown_zone(name)
    try:
        on, at = date.fromisoformat(day), time.fromisoformat(clock)
    except ValueError:
        text = f"`{day} {clock}` is no day and hour of the calendar"
        raise Misread("moment", text, "write for example  2026-03-01 12:00") from None
    instant = local_instant(on, at, zone_named(name) if name else zone)
    return Moment(instant, text.strip(), timedelta(seconds=1 if seconds else 60))


def unknown_zone(name: str) -> Misread:
    """What to say of a zone that does not exist."""
    meant = near(name, available_timezones())
    return Misread(
        "unknown-zone",
        f"`{name}` is not a time zone",
        f"did you mean `{meant}`?" if meant else "write for example  Europe/Berlin",
    )


def write_moment(instant: datetime, shown_in: ZoneInfo, default: ZoneInfo) -> str:
    """The instant to the minute, so that reading it with `default` gives it back."""
    minute = instant.astimezone(UTC).replace(second=0, microsecond=0)
    text = f"{minute.astimezone(shown_in):%Y-%m-%d %H:%M}"
    if str(shown_in) != str(default):
        text += f" {shown_in}"
    # The second of two equal hours, when the clocks go back, can only be said in a zone that knows no summer.
    return text if read_moment(text, default).instant == minute else f"{minute:%Y-%m-%d %H:%M} UTC"
