"""Nominal local times, in every zone: each is unique, a gap moves it to the first valid instant, an overlap does not repeat it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.settings import is_zone
from engine.times import local_instant

#: The next nominal local time after a naive local one.
NextLocal = Callable[[datetime], datetime]


@dataclass(frozen=True)
class Beat:
    """One nominal local time in one zone, and the instant at which it is."""

    instant: datetime
    nominal: datetime  # naive, local
    zone: str


@dataclass
class Rhythm:
    """The beats of a rhythm. Remembers the next one of each zone, so that asking again before it costs nothing."""

    next_local: NextLocal
    _zones: tuple[str, ...] = ()
    _since: datetime | None = None
    _next: datetime | None = field(default=None)

    def beats(self, since: datetime, until: datetime, zones: tuple[str, ...]) -> list[Beat]:
        """The beats in `(since, until]`, in order; cheap where there is none."""
        quiet = self._zones == zones and self._since is not None and self._next is not None
        if quiet and self._since <= since and until < self._next:  # type: ignore[operator]
            return []
        found = sorted(
            (beat for zone in zones for beat in self._in_zone(since, until, zone)),
            key=lambda beat: (beat.instant, beat.zone),
        )
        self._zones, self._since, self._next = zones, until, self.next_at(until, zones)
        return found

    def next_at(self, after: datetime, zones: Iterable[str]) -> datetime | None:
        """The first instant after `after` at which it beats in one of the zones."""
        return min((beat.instant for zone in zones for beat in self._first(after, zone)), default=None)

    def _in_zone(self, since: datetime, until: datetime, zone: str) -> Iterable[Beat]:
        for beat in self._from(since, zone):
            if beat.instant > until:
                return
            yield beat

    def _first(self, after: datetime, zone: str) -> Iterable[Beat]:
        for beat in self._from(after, zone):
            yield beat
            return

    def _from(self, since: datetime, zone: str) -> Iterable[Beat]:
        clock = ZoneInfo(zone)
        # A nominal time before `since` on the local clock can still lie after it in time when the clock was put back.
        nominal = since.astimezone(clock).replace(tzinfo=None) - timedelta(hours=3)
        while nominal.year < 9998:
            nominal = self.next_local(nominal)
            instant = local_instant(nominal.date(), nominal.time(), clock)
            if instant > since:
                yield Beat(instant.astimezone(UTC), nominal, zone)


@lru_cache(maxsize=64)
def effective(zones: tuple[str, ...], brand: str) -> Mapping[str, list[str]]:
    """The zones to beat in, each with the values of the customers' column that mean it ('' and unknown ones: the brand's)."""
    found: dict[str, list[str]] = {}
    for stored in zones:
        found.setdefault(stored if is_zone(stored) else brand, []).append(stored)
    return dict(sorted(found.items()))
