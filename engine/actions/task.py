"""task: gives the shop's people something to do for the customer."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, Move, Next, Run
from engine.literals import Duration, Name


class GiveTask(Action):
    """Opens a task for staff: a call, a visit, a letter by hand."""

    verb: ClassVar[str] = "task"

    task: Name = Field(description="What is to be done.")
    assignee: Name | None = Field(default=None, alias="for", description="Who is to do it: a role or a person.")
    due: Duration | None = Field(default=None, description="How soon.")

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("task", self.task),)

    def run(self, run: Run) -> Move:
        run.open_task(self.task, self.assignee, self.due.after(run.now, run.zone) if self.due else None)
        return Next()
