"""anniversary: fires each year on a date of the customer: a birthday, the day of joining."""

from datetime import time
from typing import ClassVar, Literal

from pydantic import Field

from engine.literals import Clock, Duration, Text
from engine.trigger import Trigger


class Anniversary(Trigger):
    """Fires once a year; the occasion is the year of the anniversary, also where the lead crosses into the year before."""

    word: ClassVar[str] = "anniversary"

    anniversary: Text = Field(description="A date of the customer: `customer.birthday`.")
    lead: Duration | None = Field(default=None, description="How long before the day.")
    at: Clock = Field(default=time(9), description="The hour of the day, in the customer's zone.")
    feb_29: Literal["feb 28", "mar 1"] = Field(
        default="feb 28", description="When 29 February is kept in years that have none."
    )
