"""wait: lets time pass."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from engine.action import Action, Hold, Move, Next, Run
from engine.clocks.times import local_instant
from engine.settings.literals import Clock, Span


class Wait(Action):
    """Waits a length of time; with `at`, until that hour of the day it ends on."""

    verb: ClassVar[str] = "wait"

    wait: Span = Field(
        description="How long. Days and longer are calendar days in the customer's zone, working days are the shop's."
    )
    at: Clock | None = Field(default=None, description="The hour of that day, in the customer's zone.")

    def run(self, run: Run) -> Move:
        if run.resume_at is None:
            return Hold(self._end(run))
        return Next() if run.now >= run.resume_at else Hold(run.resume_at)

    def _end(self, run: Run) -> datetime:
        end = run.later(self.wait)
        if self.at is None:
            return end
        return local_instant(end.astimezone(run.zone).date(), self.at, run.zone)
