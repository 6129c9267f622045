"""enters: fires when a customer begins to match conditions or a segment."""

from typing import ClassVar, Literal

from pydantic import Field

from engine.blocks import Conditions
from engine.trigger import Trigger


class Enters(Trigger):
    """Fires when a customer begins to match, and again only after the customer has ceased to; the occasion is the count."""

    word: ClassVar[str] = "enters"

    enters: Conditions = Field(description="Conditions that must all hold, or the name of a segment.")
    existing: Literal["skip", "include"] = Field(
        default="skip", description="Whether those who match on the day of launch are enrolled too."
    )
