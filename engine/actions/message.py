"""message: plans a message by the first channel that reaches the customer, and by the next where one fails."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from engine.clocks.times import Length
from engine.sends import Sends
from engine.settings.literals import Duration, Name

#: The channels by which customers are reached.
PERSONAL = ("email", "sms", "chat")

_By = Annotated[
    tuple[Literal["email", "sms", "chat"], ...],
    Field(min_length=1),
    WithJsonSchema({"type": "array", "minItems": 1, "items": {"enum": list(PERSONAL)}, "title": "channels"}),
]


class Message(Sends):
    """Sends the customer a message by one channel: the first of `by` that has an address, consent and no suppression.

    A channel that fails for good gives way to the next, and so does, with `unless_opened`, a message that nobody opens.
    Without `by` it is the channel that the customer prefers, then those of the settings in the order email, sms, chat.
    """

    verb: ClassVar[str] = "message"

    message: Name = Field(description="The message's id: a folder under messages/.")
    by: _By | None = Field(default=None, description="The channels, in the order in which they are tried.")
    unless_opened: Duration | None = Field(
        default=None, description="Tries the next channel where the message is not opened or clicked within this time."
    )

    def ways(self) -> tuple[str, ...]:
        return self.by or ()

    def patience(self) -> Length | None:
        return self.unless_opened

    def shows(self) -> tuple[tuple[str, str], ...]:
        return tuple((way, self.message) for way in self.by or PERSONAL)
