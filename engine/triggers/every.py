"""every: fires on a rhythm of the calendar: each day, a weekday, the first of each month."""

from datetime import time
from typing import ClassVar, Literal

from pydantic import Field

from engine.literals import Clock
from engine.trigger import Trigger

Rhythm = Literal["day", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "month"]


class Every(Trigger):
    """Fires for every customer at nominal local times; the occasion is that local time."""

    word: ClassVar[str] = "every"

    every: Rhythm = Field(description="`day`, a weekday, or `month` for its first day.")
    at: Clock = Field(default=time(9), description="The hour of the day, in the customer's zone.")
