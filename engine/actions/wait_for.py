"""wait_for: waits for an event of the customer, for a time at most."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from engine.action import Action, Enter, Hold, Move, Run
from engine.blocks import Conditions, Steps
from engine.catalogue import Catalogue
from engine.catalogue import Field as Shown
from engine.conditions import Tree
from engine.settings.literals import Duration, Name, Text


class WaitFor(Action):
    """Waits until the customer does something: then the steps of `then` run, else those of `else` when time is over."""

    verb: ClassVar[str] = "wait_for"
    listens: ClassVar[bool] = True

    wait_for: Text = Field(description="The event, as the catalogue names it.")
    where: Conditions | None = Field(default=None, description="Which of these events; its fields are `it.*`.")
    within: Duration = Field(description="How long to wait.")
    result: Name | None = Field(
        default=None, alias="as", description="Name under which later steps and texts find the event."
    )
    then: Steps | None = Field(default=None, description="Steps for when it came.")
    otherwise: Steps | None = Field(default=None, alias="else", description="Steps for when it did not.")

    def conditions(self) -> tuple[Tree, ...]:
        return (self.where,) if self.where is not None else ()

    def events(self) -> tuple[str, ...]:
        return (self.wait_for,)

    def makes(self, catalogue: Catalogue) -> Mapping[str, Mapping[str, Shown]]:
        event = catalogue.events.get(self.wait_for)
        return {self.result: event.fields} if self.result is not None and event is not None else {}

    def forks(self) -> tuple[str, ...]:
        return ("`then`", "`else`")

    def run(self, run: Run) -> Move:
        heard = run.first(self.wait_for, self.where)
        if heard is not None:
            run.keep_event(self.result, heard)
            return Enter(0, heard.at)
        if run.resume_at is None:
            return Hold(run.later(self.within))
        return Hold(run.resume_at) if run.now < run.resume_at else Enter(1, run.resume_at)
