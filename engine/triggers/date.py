"""date: fires some days before or after a date of the customer."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import ClassVar

import sqlalchemy as sa
from pydantic import Field

from engine.catalogue import Type
from engine.literals import Clock, Duration, Text
from engine.local import LocalTimes, daily, days_reached
from engine.rhythm import Beat
from engine.times import local_instant, zone_named
from engine.trigger import Firing, Ground, Span, Trigger


class DateTrigger(Trigger):
    """Fires once for each date that the field takes; the occasion is the date."""

    word: ClassVar[str] = "date"

    date: Text = Field(description="A date or time of the customer: `customer.member_until`.")
    lead: Duration | None = Field(default=None, description="How long before the date.")
    lag: Duration | None = Field(default=None, description="How long after the date.")
    at: Clock = Field(default=time(9), description="The hour of the day, in the customer's zone.")

    def firings(self, ground: Ground) -> tuple[Firing, ...]:
        known = ground.catalogue.fields[self.date.removeprefix("customer.")]
        if known.column is None:
            raise ValueError(f"{self.date} is not a column")
        column = ground.catalogue.table(known.column.table).c[known.column.name]
        times = LocalTimes(ground, daily(self.at))
        if known.type is Type.DATE:
            return (times.on(column == sa.bindparam("begins", type_=column.type), self._days),)
        within = sa.and_(
            column >= sa.bindparam("begins", type_=column.type), column < sa.bindparam("ends", type_=column.type)
        )
        return (times.on(within, self._local_days),)

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
        return LocalTimes(ground, daily(self.at)).next_at(after, zones)
