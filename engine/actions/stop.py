"""stop: ends the run, with a reason for the record."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, End, Move, Run
from engine.settings.literals import Text


class Stop(Action):
    """Ends the run here."""

    verb: ClassVar[str] = "stop"

    stop: Text = Field(description="Why, for the record.")

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("stopped", self.stop),)

    def run(self, run: Run) -> Move:
        return End(self.stop)
