"""email: plans a mail; it leaves when consent, window and cap allow it."""

from typing import ClassVar

from pydantic import Field

from engine.sends import Sends
from engine.settings.literals import Name


class Email(Sends):
    """Sends the customer a mail from `messages/<id>/`, in the customer's language."""

    verb: ClassVar[str] = "email"

    email: Name = Field(description="The message's id: a folder under messages/.")
