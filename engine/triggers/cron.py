"""cron: fires on a rhythm written as a cron expression."""

from typing import ClassVar

from pydantic import Field

from engine.literals import Text
from engine.trigger import Trigger


class Cron(Trigger):
    """Fires for every customer at nominal local times; the occasion is that local time."""

    word: ClassVar[str] = "cron"

    cron: Text = Field(description="Minute, hour, day, month, weekday: `0 9 * * 1` is Monday at nine.")
