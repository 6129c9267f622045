"""Nominal local times, in every zone: each is unique, a gap moves it to the first valid instant, an overlap does not repeat it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.clocks.times import local_instant, zone_named
from engine.settings import is_zone

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
    _ahead: dict[str, tuple[datetime, Beat]] = field(default_factory=dict)  # no beat from the instant until this one
    _quiet: tuple[tuple[str, ...], datetime, datetime] | None = (
        None  # in these zones no beat after the one, before the other
    )

    def beats(self, since: datetime, until: datetime, zones: tuple[str, ...]) -> list[Beat]:
        """The beats in `(since, until]`, in order; cheap where there is none."""
        if self._quiet is not None:
            asked, begin, end = self._quiet
            if asked == zones and begin <= since and until < end:
                return []
        found = sorted(
            (beat for zone in zones for beat in self._in_zone(since, until, zone)),
            key=lambda beat: (beat.instant, beat.zone),
        )
        following = self.next_at(until, zones)
        self._quiet = None if following is None else (zones, until, following)
        return found

    def next_at(self, after: datetime, zones: Iterable[str]) -> datetime | None:
        """The first instant after `after` at which it beats in one of the zones."""
        firsts = (self._first(after, zone) for zone in zones)
        return min((beat.instant for beat in firsts if beat is not None), default=None)

    def _in_zone(self, since: datetime, until: datetime, zone: str) -> list[Beat]:
        if self._none_before(until, since, zone):
            return []
        found = []
        for beat in self._from(since, zone):
            if beat.instant > until:
                self._ahead[zone] = (until, beat)
                break
            found.append(beat)
        return found

    def _first(self, after: datetime, zone: str) -> Beat | None:
        if not self._none_before(after, after, zone):
            found = next(self._from(after, zone), None)
            if found is None:
                return None
            self._ahead[zone] = (after, found)
        return self._ahead[zone][1]

    def _none_before(self, until: datetime, since: datetime, zone: str) -> bool:
        """Whether it is remembered that the zone has no beat in `(since, until]`."""
        known = self._ahead.get(zone)
        return known is not None and known[0] <= since and until < known[1].instant

    def _from(self, since: datetime, zone: str) -> Iterator[Beat]:
        clock = zone_named(zone)
        # A nominal time before `since` on the local clock can still lie after it in time when the clock was put back.
        nominal = since.astimezone(clock).replace(tzinfo=None) - timedelta(hours=3)
        while nominal.year < 9998:
            nominal = self.next_local(nominal)
            instant = local_instant(nominal.date(), nominal.time(), clock)
            if instant > since and not self._swallowed(nominal, instant, clock):
                yield Beat(instant.astimezone(UTC), nominal, zone)

    def _swallowed(self, nominal: datetime, instant: datetime, clock: ZoneInfo) -> bool:
        """Whether the clocks jump over this time and the next one at once; the last of them is the beat."""
        if instant.astimezone(clock).replace(tzinfo=None) == nominal:
            return False
        following = self.next_local(nominal)
        return local_instant(following.date(), following.time(), clock) == instant


@lru_cache(maxsize=64)
def effective(zones: tuple[str, ...], brand: str) -> Mapping[str, list[str]]:
    """The zones to beat in, each with the values of the customers' column that mean it ('' and unknown ones: the brand's)."""
    found: dict[str, list[str]] = {}
    for stored in zones:
        found.setdefault(stored if is_zone(stored) else brand, []).append(stored)
    return dict(sorted(found.items()))
