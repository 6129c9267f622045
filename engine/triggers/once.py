"""once: fires a single time, for everybody, at a moment that each customer's own clock shows."""

from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import Field

from engine.clocks.times import local_instant
from engine.local import NEVER, LocalTimes
from engine.settings.literals import LocalMoment
from engine.trigger import Firing, Ground, Trigger


class Once(Trigger):
    """A broadcast: fires once for every customer of that moment; the occasion is the playbook itself.

    It is ten o'clock in Seoul before it is in Berlin, and each gets it at ten. A moment that had passed where a customer
    lives when the playbook was launched is over for him. After a standstill it is made up for, up to `limits.catch_up`.
    The check of a file has no clock: whether the moment is past is told by `regulars preview`, and by `regulars plan` of a
    playbook that it would launch.
    """

    word: ClassVar[str] = "once"
    broadcast: ClassVar[bool] = True

    once: LocalMoment = Field(description="Day and hour, as each customer's own clock shows them.")

    def firings(self, ground: Ground) -> tuple[Firing, ...]:
        return (LocalTimes(ground, self.next_local).everybody(lambda _beat: [{"occasion": "once"}]),)

    def noticed_at(self, zone: ZoneInfo) -> datetime:
        """The instant at which it fires by the clocks of that zone."""
        return local_instant(self.once.date(), self.once.time(), zone)

    def next_local(self, after: datetime) -> datetime:
        """The one nominal local time, while it lies ahead."""
        return self.once if self.once > after else NEVER

    def next_at(
        self, connection: sa.Connection, ground: Ground, after: datetime, zones: tuple[str, ...]
    ) -> datetime | None:
        return LocalTimes(ground, self.next_local).next_at(after, zones)
