"""wait_for: waits for an event of the customer, for a time at most."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, Enter, Hold, Move, Next, Run
from engine.blocks import Conditions, Steps
from engine.conditions import Tree
from engine.literals import Duration, Text


class WaitFor(Action):
    """Waits until the customer does something: then the steps of `then` run, else those of `else` when time is over."""

    verb: ClassVar[str] = "wait_for"
    listens: ClassVar[bool] = True

    wait_for: Text = Field(description="The event, as the catalogue names it.")
    where: Conditions | None = Field(default=None, description="Which of these events; its fields are `it.*`.")
    within: Duration = Field(description="How long to wait.")
    then: Steps | None = Field(default=None, description="Steps for when it came.")
    otherwise: Steps | None = Field(default=None, alias="else", description="Steps for when it did not.")

    def conditions(self) -> tuple[Tree, ...]:
        return (self.where,) if self.where is not None else ()

    def events(self) -> tuple[str, ...]:
        return (self.wait_for,)

    def run(self, run: Run) -> Move:
        if run.resume_at is None:
            # After a late pass it may have happened already, since the step before was to be over.
            return Hold(run.now if run.happened(self.wait_for, self.where) else self.within.after(run.now, run.zone))
        if run.happened(self.wait_for, self.where):
            return Enter(0) if self.then else Next()
        if run.now < run.resume_at:
            return Hold(run.resume_at)
        return Enter(1) if self.otherwise else Next()
