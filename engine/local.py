"""Firings at nominal local times, for every customer or for those whose date has come."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.clocks.times import Length, local_instant
from engine.rhythm import Beat, NextLocal, Rhythm, effective
from engine.store.customers import customers
from engine.store.types import Instant, Key
from engine.trigger import Firing, Ground, Span, Window, begun, bounded

_UTC = ZoneInfo("UTC")
#: The next local time of a rhythm that has no further beat.
NEVER = datetime.fromisoformat("9999-01-01")

#: What a field must hold for a run to begin at a beat: the parameters of each such value, its occasion among them.
Targets = Callable[[Beat], Iterable[Span]]


@dataclass(frozen=True)
class LocalTimes:
    """What the calendar triggers share: a rhythm, asked in the zones in which customers live."""

    ground: Ground
    next_local: NextLocal

    def everybody(self, targets: Targets | None = None, *conditions: sa.ColumnElement[bool]) -> Firing:
        """All customers of a zone, at each nominal time, for whom the conditions hold; the occasion is that time, if the
        targets name no other."""
        key = self.ground.catalogue.customer_key
        lowest, highest = self.ground.catalogue.key_bounds

        def whole(beat: Beat) -> Iterable[Span]:
            for target in targets(beat) if targets else [{"occasion": beat.nominal.isoformat("T", "minutes")}]:
                yield {**target, "lower": lowest, "upper": highest}

        return self._firing((*bounded(key), *conditions), whole, axis=key)

    def on(self, condition: sa.ColumnElement[bool], targets: Targets) -> Firing:
        """The customers of a zone for whom `condition` holds with the parameters of a target."""
        return self._firing((condition,), targets, axis=None)

    def next_at(self, after: datetime, zones: tuple[str, ...]) -> datetime | None:
        """The next nominal time in one of those zones, as an instant."""
        return Rhythm(self.next_local).next_at(after, effective(zones, self.ground.settings.timezone))

    def _firing(
        self,
        where: tuple[sa.ColumnElement[bool], ...],
        targets: Targets,
        *,
        axis: sa.ColumnElement[Any] | None,
    ) -> Firing:
        catalogue = self.ground.catalogue
        in_zone = self._in_zone()
        candidates = sa.select(
            *begun(
                catalogue.as_text(catalogue.customer_key),
                sa.bindparam("occasion", type_=Key),
                sa.bindparam("fired_at", type_=Instant),
            )
        ).where(*in_zone, *where)
        rows = sa.select(catalogue.customer_key if axis is None else axis).where(*in_zone, *where)
        return Firing(rows=rows, axis=axis, candidates=candidates, spans=self.spans(targets), many=axis is not None)

    def spans(self, targets: Targets) -> Callable[[Window, tuple[str, ...]], Iterable[Span]]:
        """The ranges of a window: at each beat, those of its targets for each zone that keeps it."""
        rhythm = Rhythm(self.next_local)

        def spans(window: Window, zones: tuple[str, ...]) -> Iterable[Span]:
            stored = effective(zones, self.ground.settings.timezone)
            for beat in rhythm.beats(self.ground.since(window), window.until, tuple(stored)):
                for target in targets(beat):
                    yield from ({**target, "fired_at": beat.instant, "zone": zone} for zone in stored[beat.zone])

        return spans

    @property
    def of_zone(self) -> sa.ColumnElement[bool]:
        """The same of customers who are found by something else than their zone, said so that no index of it is searched."""
        catalogue = self.ground.catalogue
        if catalogue.timezone is None:
            return sa.true()
        column = catalogue.table(catalogue.customers.name).c[catalogue.timezone]
        return sa.func.coalesce(column, "") == sa.bindparam("zone", type_=Key)

    def _in_zone(self) -> tuple[sa.ColumnElement[bool], ...]:
        """Customers of the zone; a store that knows no zones has everybody in the brand's."""
        catalogue = self.ground.catalogue
        if catalogue.timezone is None:
            return ()
        column: sa.ColumnElement[str] = catalogue.table(catalogue.customers.name).c[catalogue.timezone]
        if catalogue.customers.name != customers.name:
            column = sa.func.coalesce(column, "")  # ours is never empty, so that its index can be searched
        return (column == sa.bindparam("zone", type_=Key),)


def daily(at: time) -> NextLocal:
    """The rhythm of each day at that hour."""

    def next_local(after: datetime) -> datetime:
        nominal = datetime.combine(after.date(), at)
        return nominal if nominal > after else nominal + timedelta(days=1)

    return next_local


def days_reached(today: date, lead: Length | None, lag: Length | None) -> list[date]:
    """The days whose notice, `lead` before or `lag` after, falls on `today`.

    A length in months has no inverse (a month before 31 March and before 28 March is 28 February), so the days around
    are tried.
    """
    if lead is None and lag is None:
        return [today]
    notice = notice_of(lead, lag)
    guess = _shift(lead, 1)(today) if lead else _shift(lag, -1)(today) if lag else today
    around = (guess + timedelta(days=offset) for offset in range(-3, 4))
    return [day for day in around if notice(day) == today]


def notice_of(lead: Length | None, lag: Length | None) -> Callable[[date], date]:
    """The day on which a date is spoken of: `lead` before it, or `lag` after it."""
    return _shift(lead, -1) if lead else _shift(lag, 1) if lag else lambda day: day


def noticed_at(day: date, lead: Length | None, lag: Length | None, at: time, zone: ZoneInfo) -> datetime:
    """The instant at which a date is spoken of: `lead` before it, or `lag` after it, at that hour of the zone's clocks."""
    return local_instant(notice_of(lead, lag)(day), at, zone)


def _shift(length: Length, sign: int) -> Callable[[date], date]:
    def shifted(day: date) -> date:
        noon = datetime.combine(day, time(12), UTC)
        return (length.after(noon, _UTC) if sign > 0 else length.before(noon, _UTC)).date()

    return shifted
