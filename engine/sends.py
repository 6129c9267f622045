"""What the steps that send a message have in common: its id, the channels by which it may go, and the words for lateness."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, Move, Next, Run
from engine.clocks.times import Length
from engine.settings.change import Late
from engine.settings.literals import Duration

#: In the place of a channel: the one that the customer prefers, then those of the settings.
ANY = "any"


class Saying(Action):
    """A step that sends a message of the folder messages/, to the customer or to the shop's own people."""

    to_staff: ClassVar[bool] = False

    def said(self) -> str:
        """The message's id."""
        return str(getattr(self, self.verb))

    def ways(self) -> tuple[str, ...]:
        """The channels in the order in which they are tried; none leaves it to the customer and the settings."""
        return (self.verb,)


class Sends(Saying):
    """A step that sends the customer a message; where it says nothing of lateness, the playbook's words hold."""

    late: Late | None = Field(default=None, description="What this message does when it comes too late.")
    max_lateness: Duration | None = Field(default=None, description="How late this message may come.")

    def patience(self) -> Length | None:
        """How long the message may stay unopened before the next channel is tried; None tries it after a failure only."""
        return None

    def shows(self) -> tuple[tuple[str, str], ...]:
        return tuple((way, self.said()) for way in self.ways())

    def run(self, run: Run) -> Move:
        first, *others = self.ways() or (ANY,)
        run.plan_message(first, self.said(), others, self.patience())
        return Next()
