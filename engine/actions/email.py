"""email: plans a mail; it leaves when consent, window and cap allow it."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, Move, Next, Run
from engine.literals import Name


class Email(Action):
    """Sends the customer a mail from `messages/<id>/`, in the customer's language."""

    verb: ClassVar[str] = "email"
    channel: ClassVar[str] = "email"

    email: Name = Field(description="The message's id: a folder under messages/.")

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("email", self.email),)

    def run(self, run: Run) -> Move:
        run.plan_message(self.channel, self.email)
        return Next()
