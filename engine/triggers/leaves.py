"""leaves: fires when a customer ceases to match conditions or a segment."""

from typing import ClassVar

from pydantic import Field

from engine.blocks import Conditions
from engine.trigger import Trigger


class Leaves(Trigger):
    """Fires when a customer who matched ceases to; the occasion is the count."""

    word: ClassVar[str] = "leaves"

    leaves: Conditions = Field(description="Conditions that held together until now, or the name of a segment.")
