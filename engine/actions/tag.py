"""tag: puts a tag on the customer."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, Move, Next, Run
from engine.settings.literals import Name


class Tag(Action):
    """Puts a tag on the customer; a tag that is there already stays."""

    verb: ClassVar[str] = "tag"

    tag: Name = Field(description="The tag.")

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("tag", self.tag),)

    def run(self, run: Run) -> Move:
        run.put_tag(self.tag)
        return Next()
