"""sms: plans a text message; it leaves when consent, window and cap allow it."""

from typing import ClassVar

from pydantic import Field

from engine.sends import Sends
from engine.settings.literals import Name


class Sms(Sends):
    """Sends the customer the `sms:` text of a message, to the number on record, in the customer's language."""

    verb: ClassVar[str] = "sms"

    sms: Name = Field(description="The message's id: a folder under messages/ whose texts have `sms:` above them.")
