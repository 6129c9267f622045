"""chat: plans a chat message; it leaves when consent, window and cap allow it."""

from typing import ClassVar

from pydantic import Field

from engine.sends import Sends
from engine.settings.literals import Name


class Chat(Sends):
    """Sends the customer the `chat:` text of a message; where there is none, its body as plain text."""

    verb: ClassVar[str] = "chat"

    chat: Name = Field(description="The message's id: a folder under messages/.")
