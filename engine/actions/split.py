"""split: sends each customer one of several ways, by shares, always the same one."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, Enter, Move, Run
from engine.blocks import Steps
from engine.settings.declared import Declared
from engine.settings.literals import Name, Share


class Variant(Declared):
    """One way, and the share of the customers who go it."""

    share: Share = Field(description="How many of the customers, in percent; the shares of all ways make 100%.")
    name: Name = Field(description="What it is called in tests and in `regulars status --splits`.")
    do: Steps | None = Field(description="Steps of this way.")


class Split(Action):
    """Sends each customer one of several ways. Who goes which hangs on the playbook, the step and the customer alone."""

    verb: ClassVar[str] = "split"

    split: tuple[Variant, ...] = Field(min_length=2, description="The ways; their shares make 100%.")

    def forks(self) -> tuple[str, ...]:
        return tuple(f"`{variant.name}`" for variant in self.split)

    def run(self, run: Run) -> Move:
        return Enter(run.draw([(variant.name, variant.share) for variant in self.split]))
