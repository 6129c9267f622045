"""choose: takes the first branch whose conditions hold."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, Enter, Move, Next, Run
from engine.blocks import Conditions, Steps
from engine.conditions import Tree
from engine.settings.declared import Declared


class Branch(Declared):
    """One way: `if` with `do`, or `else` with its steps."""

    when: Conditions | None = Field(default=None, alias="if", description="All of these must hold.")
    do: Steps | None = Field(default=None, description="Steps of this branch.")
    otherwise: Steps | None = Field(default=None, alias="else", description="Steps for when no branch above holds.")


class Choose(Action):
    """Takes the first branch whose conditions hold; none is no mistake."""

    verb: ClassVar[str] = "choose"

    choose: tuple[Branch, ...] = Field(min_length=1, description="The branches, tried from above.")

    def conditions(self) -> tuple[Tree, ...]:
        return tuple(branch.when for branch in self.choose if branch.when is not None)

    def forks(self) -> tuple[str, ...]:
        named = tuple(f"`{branch.when}`" if branch.when is not None else "`else`" for branch in self.choose)
        return named if self.choose[-1].when is None else (*named, "no branch")

    def run(self, run: Run) -> Move:
        for number, branch in enumerate(self.choose):
            if branch.when is None or run.holds(branch.when):
                return Enter(number)
        return Next()
