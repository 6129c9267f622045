"""anniversary: fires each year on a date of the customer: a birthday, a wedding day, the day of joining."""

from calendar import isleap
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import Field

from engine.clocks.times import anniversary
from engine.local import LocalTimes, daily, days_reached, noticed_at
from engine.rhythm import Beat
from engine.settings.literals import Clock, Duration, Text
from engine.store.dialect import month_day
from engine.trigger import Firing, Ground, Span, Trigger


class Anniversary(Trigger):
    """Fires once a year; the occasion is the year of the anniversary, also where the lead crosses into the year before.

    The day itself is no anniversary: whoever joins today is greeted in a year. So is whoever comes, or is there on the day
    of launch, when the moment of notice has passed and the day itself has not.
    """

    word: ClassVar[str] = "anniversary"

    anniversary: Text = Field(description="A date of the customer: `customer.birthday`, `customer.wedding_day`.")
    lead: Duration | None = Field(default=None, description="How long before the day.")
    lag: Duration | None = Field(default=None, description="How long after the day.")
    at: Clock = Field(default=time(9), description="The hour of the day, in the customer's zone.")
    feb_29: Literal["feb 28", "mar 1"] = Field(
        default="feb 28", description="When 29 February is kept in years that have none."
    )

    def firings(self, ground: Ground) -> tuple[Firing, ...]:
        known = ground.catalogue.fields[self.anniversary.removeprefix("customer.")]
        if known.column is None:
            raise ValueError(f"{self.anniversary} is not a column")
        column = ground.catalogue.table(known.column.table).c[known.column.name]
        # The day itself, birth or joining, is no anniversary.
        condition = sa.and_(
            month_day(column) == sa.bindparam("month_day", type_=sa.Integer),
            column < sa.bindparam("day", type_=sa.Date),
        )
        return (LocalTimes(ground, daily(self.at)).on(condition, self._targets),)

    def noticed_at(self, born: date, year: int, zone: ZoneInfo) -> datetime | None:
        """The instant at which the anniversary of that year fires, by the clocks of that zone; None where there is none."""
        day = anniversary(born, year, self.feb_29)
        return noticed_at(day, self.lead, self.lag, self.at, zone) if day > born else None

    def _targets(self, beat: Beat) -> Iterable[Span]:
        for day in days_reached(beat.nominal.date(), self.lead, self.lag):
            for number in self._kept_on(day):
                yield {"month_day": number, "day": day, "occasion": str(day.year)}

    def _kept_on(self, day: date) -> list[int]:
        kept = [day.month * 100 + day.day]
        stand_in = 228 if self.feb_29 == "feb 28" else 301
        return [*kept, 229] if not isleap(day.year) and kept == [stand_in] else kept

    def next_at(
        self, connection: sa.Connection, ground: Ground, after: datetime, zones: tuple[str, ...]
    ) -> datetime | None:
        return LocalTimes(ground, daily(self.at)).next_at(after, zones)
