"""untag: takes a tag off the customer."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, Move, Next, Run
from engine.settings.literals import Name


class Untag(Action):
    """Takes a tag off the customer; one that is not there does no harm."""

    verb: ClassVar[str] = "untag"

    untag: Name = Field(description="The tag.")

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("untag", self.untag),)

    def run(self, run: Run) -> Move:
        run.take_tag(self.untag)
        return Next()
