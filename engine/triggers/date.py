"""date: fires some time before or after a date of the customer, or of what he has: a reservation, a voucher, a contract."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import Field

from engine.blocks import Conditions
from engine.catalogue import Catalogue, Record, Type
from engine.catalogue import Field as Known
from engine.catalogue.origin import Origin
from engine.clocks.times import Length, local_instant, zone_named
from engine.local import LocalTimes, daily, days_reached, noticed_at
from engine.rhythm import Beat
from engine.settings.literals import Clock, Duration, Text
from engine.store.dialect import as_instant
from engine.store.instants import instant_text, shifted
from engine.store.types import Instant, Key
from engine.trigger import Firing, Ground, Span, Trigger, Window, begun, bounded

#: Between a record's key and its date in an occasion.
_AT = "@"
#: What the field may hold, a date or a time; the trigger's own `date` is a text.
_Held = date


class DateTrigger(Trigger):
    """Fires once for each date that the field takes, at the hour of the customer's own clock; the occasion is the date.

    Of a time, a lead or lag of hours or minutes without `at` is elapsed time: three hours before the table is laid.

    The date may be one of a record of the catalogue: `reservation.starts_at`, `subscription.renews_on`. Then each record
    begins a run of its own, `where` says which, and `reservation.*` is that record as it is now. When its date moves, the
    run ends before its next step (`moved`), and the new date fires anew; when the record is deleted, the run ends (`gone`).
    A record that comes after its moment of notice fires no more; nor does a date that a customer gets, or that lies ahead
    on the day of launch, within the `lead`. Who is to be told late all the same enters by `enters:` and waits with
    `wait_until: 7 days before …`, where `late:` says what becomes of the letters that are past.
    """

    word: ClassVar[str] = "date"

    date: Text = Field(description="A date or time: `customer.member_until`, `reservation.starts_at`.")
    lead: Duration | None = Field(default=None, description="How long before the date.")
    lag: Duration | None = Field(default=None, description="How long after the date.")
    at: Clock = Field(default=time(9), description="The hour of the day, in the customer's zone.")
    where: Conditions | None = Field(default=None, description="Which records; their fields are `reservation.*`.")

    @property
    def origin(self) -> Origin:
        scope = self.date.partition(".")[0]
        return Origin(record=None if scope == "customer" else scope)

    @property
    def apart(self) -> bool:
        return self.origin.record is not None

    @property
    def notice(self) -> Length | None:
        """The lead or the lag."""
        return self.lead or self.lag

    def elapsed(self, known: Known) -> timedelta | None:
        """How long after the field's instant it fires, negative before; None where it fires at an hour of a day."""
        notice = self.notice
        if notice is None or notice.unit not in ("hour", "minute") or "at" in self.model_fields_set:
            return None
        return (-notice.approximate if self.lead else notice.approximate) if known.type is Type.TIME else None

    def known(self, catalogue: Catalogue) -> Known:
        """The field. Raises `KeyError` for one that there is not."""
        name = self.date.partition(".")[2]
        record = self.origin.record_in(catalogue)
        return catalogue.fields[name] if record is None else record.fields[name]

    def firings(self, ground: Ground) -> tuple[Firing, ...]:
        known = self.known(ground.catalogue)
        if known.column is None:
            raise ValueError(f"{self.date} is not a column")
        column = ground.catalogue.table(known.column.table).c[known.column.name]
        by = self.elapsed(known)
        if by is not None:
            return (self._at_instants(ground, column, by),)
        times = LocalTimes(ground, daily(self.at))
        if known.type is Type.DATE:
            condition, targets = column == sa.bindparam("begins", type_=column.type), self._days
        else:
            begins, ends = (sa.bindparam(name, type_=column.type) for name in ("begins", "ends"))
            condition, targets = sa.and_(column >= begins, column < ends), self._local_days
        record = self.origin.record_in(ground.catalogue)
        if record is None:
            return (times.on(condition, targets),)
        occasion, fired_at = sa.bindparam("occasion", type_=Key), sa.bindparam("fired_at", type_=Instant)
        candidates = self._of_records(ground, record, occasion, fired_at).where(condition, times.of_zone)
        where = ground.compile(self.where)
        return (
            Firing(
                rows=sa.select(column).where(condition),
                candidates=candidates.where(where.expression),
                spans=times.spans(targets),
                moments=where,
                many=True,
            ),
        )

    def _at_instants(self, ground: Ground, column: sa.ColumnElement[Any], by: timedelta) -> Firing:
        """Elapsed time before or after an instant: the same for all zones."""
        bounds, at = bounded(column), as_instant(column)
        record = self.origin.record_in(ground.catalogue)
        catalogue, where = ground.catalogue, ground.compile(self.where)
        if record is None:
            who = catalogue.as_text(catalogue.customer_key)
            candidates = sa.select(*begun(who, instant_text(at), shifted(at, by), key=ground.key_of()))
        else:
            candidates = self._of_records(ground, record, instant_text(at), shifted(at, by))

        def spans(window: Window, _zones: tuple[str, ...]) -> list[Span]:
            return [{"lower": ground.since(window) - by, "upper": window.until - by}]

        rows = sa.select(column).where(*bounds)
        candidates = candidates.where(*bounds, where.expression)
        return Firing(rows=rows, axis=column, candidates=candidates, spans=spans, moments=where, many=True)

    def _of_records(
        self, ground: Ground, record: Record, occasion: sa.ColumnElement[str], fired_at: sa.ColumnElement[datetime]
    ) -> sa.Select[Any]:
        catalogue = ground.catalogue
        table, customers = catalogue.table(record.table), catalogue.table(catalogue.customers.name)
        who, key = table.c[record.customer], sa.cast(table.c[record.key], sa.Text)
        found = begun(catalogue.as_text(who), key + sa.literal(_AT) + occasion, fired_at, key, ground.key_of(key))
        return sa.select(*found).select_from(table.join(customers, catalogue.customer_key == who))

    def moved(self, occasion: str, record: Mapping[str, Mapping[str, Any]], zone: ZoneInfo) -> str | None:
        scope, _, name = self.date.partition(".")
        if scope == "customer":
            return None
        values = record.get(scope)
        if not values:
            return "gone"
        return None if occasion.rpartition(_AT)[2] in _written(values.get(name), zone) else "moved"

    def noticed_at(self, value: _Held, catalogue: Catalogue, zone: ZoneInfo) -> datetime:
        """The instant at which a value of the field fires, by the clocks of that zone."""
        by = self.elapsed(self.known(catalogue))
        if by is not None and isinstance(value, datetime):
            return value + by
        day = value.astimezone(zone).date() if isinstance(value, datetime) else value
        return noticed_at(day, self.lead, self.lag, self.at, zone)

    def occasions(self, value: _Held, zone: ZoneInfo, key: Any = None) -> frozenset[str]:
        """By which occasions it is on record that a value of the field has fired, of a record with its key."""
        return frozenset(one if key is None else f"{key}{_AT}{one}" for one in _written(value, zone))

    def _days(self, beat: Beat) -> Iterable[Span]:
        for day in days_reached(beat.nominal.date(), self.lead, self.lag):
            yield {"begins": day, "occasion": day.isoformat()}

    def _local_days(self, beat: Beat) -> Iterable[Span]:
        """A time counts for the day that it falls on in the customer's zone."""
        zone = zone_named(beat.zone)
        for day in days_reached(beat.nominal.date(), self.lead, self.lag):
            begins = local_instant(day, time(0), zone)
            ends = local_instant(day + timedelta(days=1), time(0), zone)
            yield {"begins": begins, "ends": ends, "occasion": day.isoformat()}

    def next_at(
        self, connection: sa.Connection, ground: Ground, after: datetime, zones: tuple[str, ...]
    ) -> datetime | None:
        known = self.known(ground.catalogue)
        by = self.elapsed(known)
        if by is None or known.column is None:
            return LocalTimes(ground, daily(self.at)).next_at(after, zones)
        column = ground.catalogue.table(known.column.table).c[known.column.name]
        following = sa.select(sa.func.min(column, type_=column.type)).where(
            column > sa.literal(after - by, column.type)
        )
        found: datetime | None = connection.execute(following).scalar()
        return None if found is None else found + by


def _written(value: Any, zone: ZoneInfo) -> tuple[str, ...]:
    """How an occasion may write a date or a time: by its day where the customer lives, or by its instant."""
    if isinstance(value, datetime):
        return value.astimezone(zone).date().isoformat(), f"{value.astimezone(ZoneInfo('UTC')):%Y-%m-%dT%H:%MZ}"
    return (value.isoformat(),) if isinstance(value, date) else ()
