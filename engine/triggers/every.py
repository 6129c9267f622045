"""every: fires on a rhythm of the calendar: each day, a weekday, the first of each month."""

from datetime import datetime, time, timedelta
from typing import ClassVar, Literal

import sqlalchemy as sa
from pydantic import Field

from engine.local import LocalTimes
from engine.settings.literals import Clock
from engine.trigger import Firing, Ground, Trigger

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Pace = Literal["day", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "month"]


class Every(Trigger):
    """Fires for every customer at nominal local times; the occasion is that local time."""

    word: ClassVar[str] = "every"
    broadcast: ClassVar[bool] = True

    every: Pace = Field(description="`day`, a weekday, or `month` for its first day.")
    at: Clock = Field(default=time(9), description="The hour of the day, in the customer's zone.")

    def firings(self, ground: Ground) -> tuple[Firing, ...]:
        return (LocalTimes(ground, self.next_local).everybody(),)

    def next_local(self, after: datetime) -> datetime:
        """The next nominal local time after a naive local one."""
        nominal = datetime.combine(after.date(), self.at)
        while nominal <= after or not self._keeps(nominal):
            nominal += timedelta(days=1)
        return nominal

    def _keeps(self, nominal: datetime) -> bool:
        if self.every == "day":
            return True
        return nominal.day == 1 if self.every == "month" else _WEEKDAYS[nominal.weekday()] == self.every

    def next_at(
        self, connection: sa.Connection, ground: Ground, after: datetime, zones: tuple[str, ...]
    ) -> datetime | None:
        return LocalTimes(ground, self.next_local).next_at(after, zones)
