"""cron: fires on a rhythm written as a cron expression."""

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from pydantic import Field

from engine.clocks.times import next_cron
from engine.local import LocalTimes
from engine.settings.literals import Text
from engine.trigger import Firing, Ground, Trigger


class Cron(Trigger):
    """Fires for every customer at nominal local times; the occasion is that local time."""

    word: ClassVar[str] = "cron"
    broadcast: ClassVar[bool] = True

    cron: Text = Field(description="Minute, hour, day, month, weekday: `0 9 * * 1` is Monday at nine.")

    def firings(self, ground: Ground) -> tuple[Firing, ...]:
        return (LocalTimes(ground, self.next_local).everybody(),)

    def next_local(self, after: datetime) -> datetime:
        """The next nominal local time after a naive local one."""
        return next_cron(self.cron, after)

    def next_at(
        self, connection: sa.Connection, ground: Ground, after: datetime, zones: tuple[str, ...]
    ) -> datetime | None:
        return LocalTimes(ground, self.next_local).next_at(after, zones)
