"""event: fires when something happened: an order, a cart, a review."""

from typing import ClassVar

from pydantic import Field

from engine.blocks import Conditions
from engine.literals import Text
from engine.trigger import Trigger


class EventTrigger(Trigger):
    """Fires for each event of that name; the occasion is the event itself."""

    word: ClassVar[str] = "event"

    event: Text = Field(description="The event, as the catalogue names it.")
    where: Conditions | None = Field(default=None, description="Which of these events; its fields are `event.*`.")

    @property
    def event_name(self) -> str:
        return self.event
