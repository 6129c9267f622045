"""holiday: fires on a holiday of the customer's own country, or some days before or after it."""

from collections.abc import Iterable
from datetime import date, datetime, time
from functools import lru_cache
from typing import ClassVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import Field

from engine.calendars import ANYWHERE, Holiday
from engine.local import NEVER, LocalTimes, days_reached, notice_of, noticed_at
from engine.rhythm import Beat, NextLocal
from engine.settings.literals import Clock, Duration, Name
from engine.store.dialect import contains_text
from engine.trigger import Firing, Ground, Span, Trigger

#: How far around the next notice is looked for: no feast stays away so long, and no lead or lag is so long.
_YEARS = 6


class HolidayTrigger(Trigger):
    """Fires for every customer whose country keeps that holiday; the occasion is its day.

    The ids stand in `settings/holidays.yaml` and, of most feasts, are built in: each names the calendar of every country
    that keeps it, so that the Korean new year comes on its own day. Of a feast of several days the first counts. A
    customer without a country lives in the brand's (`country` of the settings); where the id names no calendar for the
    country, that of `anywhere` holds, and without one nobody there is met. `if:` says who is to be greeted at all.
    """

    word: ClassVar[str] = "holiday"
    broadcast: ClassVar[bool] = True

    holiday: Name = Field(description="The id of a holiday: `lunar-new-year`, `mid-autumn`, `christmas`.")
    lead: Duration | None = Field(default=None, description="How long before the day.")
    lag: Duration | None = Field(default=None, description="How long after the day.")
    at: Clock = Field(default=time(9), description="The hour of the day, in the customer's zone.")

    def firings(self, ground: Ground) -> tuple[Firing, ...]:
        known = ground.holidays[self.holiday]

        def targets(beat: Beat) -> Iterable[Span]:
            for day in days_reached(beat.nominal.date(), self.lead, self.lag):
                countries = known.on(day)
                if countries:
                    yield {"occasion": day.isoformat(), "countries": f"|{'|'.join(countries)}|"}

        kept = contains_text(sa.bindparam("countries", type_=sa.Text), "|" + self._country(ground, known) + "|")
        return (LocalTimes(ground, self.rhythm(known)).everybody(targets, kept),)

    def rhythm(self, known: Holiday) -> NextLocal:
        """The days of notice of all countries, at the hour."""
        notice = notice_of(self.lead, self.lag)

        def next_local(after: datetime) -> datetime:
            years = range(after.year - _YEARS, after.year + _YEARS)
            beats = (datetime.combine(notice(day), self.at) for year in years for day in known.in_year(year))
            return min((beat for beat in beats if beat > after), default=NEVER)

        return lru_cache(maxsize=128)(next_local)

    def noticed_at(self, day: date, zone: ZoneInfo) -> datetime:
        """The instant at which that day fires, by the clocks of that zone."""
        return noticed_at(day, self.lead, self.lag, self.at, zone)

    @staticmethod
    def _country(ground: Ground, known: Holiday) -> sa.ColumnElement[str]:
        """The customer's country where the holiday has a calendar for it, else `anywhere`."""
        field = ground.catalogue.fields.get("country")
        if field is None or field.column is None:
            return sa.literal(ANYWHERE if ground.settings.country not in known.countries else ground.settings.country)
        written = ground.catalogue.table(field.column.table).c[field.column.name]
        country = sa.func.coalesce(
            sa.func.nullif(sa.func.upper(written), ""), sa.literal(ground.settings.country or "")
        )
        return sa.case((country.in_(known.countries), country), else_=sa.literal(ANYWHERE))

    def next_at(
        self, connection: sa.Connection, ground: Ground, after: datetime, zones: tuple[str, ...]
    ) -> datetime | None:
        return LocalTimes(ground, self.rhythm(ground.holidays[self.holiday])).next_at(after, zones)
