"""date: fires some days before or after a date of the customer."""

from datetime import time
from typing import ClassVar

from pydantic import Field

from engine.literals import Clock, Duration, Text
from engine.trigger import Trigger


class DateTrigger(Trigger):
    """Fires once for each date that the field takes; the occasion is the date."""

    word: ClassVar[str] = "date"

    date: Text = Field(description="A date or time of the customer: `customer.member_until`.")
    lead: Duration | None = Field(default=None, description="How long before the date.")
    lag: Duration | None = Field(default=None, description="How long after the date.")
    at: Clock = Field(default=time(9), description="The hour of the day, in the customer's zone.")
