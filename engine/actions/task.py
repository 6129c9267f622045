"""task: gives the shop's people something to do for the customer."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from engine.action import Action, Duty, Move, Next, Run
from engine.catalogue import RESULTS, TASK_WORDS, Catalogue
from engine.catalogue import Field as Shown
from engine.clocks.working import LASTING_SPAN, parse_lasting_span
from engine.clocks.working import Span as AnySpan
from engine.settings.declared import Declared
from engine.settings.literals import Days, Name, Span, Text

_ROTATION = "rotation "


def _before(text: Any) -> AnySpan:
    found = re.fullmatch(rf"({LASTING_SPAN}) before", str(text))
    if not found:
        raise ValueError(f"`{text}` is not a length of time before; write for example  4 hours before")
    return parse_lasting_span(found[1])


Before = Annotated[
    AnySpan,
    BeforeValidator(_before),
    PlainSerializer(lambda length: f"{length} before", return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^(?:{LASTING_SPAN}) before$",
            "title": "time before",
            "examples": ["4 hours before"],
        }
    ),
]


class Escalation(Declared):
    """Who hears of a task that nobody has done."""

    to: Text = Field(description="A team or a person of `staff`, or an address.")
    after: Span = Field(description="How long after the task was due; of one without `due`, after it was opened.")


class GiveTask(Action):
    """Opens a task for staff: a call, a visit, a letter by hand.

    With `remind` the message `task-reminder` goes to whoever is to do it, with `escalate` the message `task-escalated` to
    another one where the task is not done. `regulars tasks` lists them, `regulars tasks done NUMBER` ends one.
    """

    verb: ClassVar[str] = "task"

    task: Name = Field(description="What is to be done.")
    assignee: Text | None = Field(
        default=None,
        alias="for",
        description="A person or a team of `staff`; `rotation TEAM` deals it out by weight to who is present; "
        "`customer.account_manager` reads the name from the customer.",
    )
    due: Span | None = Field(default=None, description="How soon: `2 days`, `1 working day`.")
    days: Days | None = Field(
        default=None,
        description="Days of the week on which it is done: `[thursday, friday]`; `due` moves on to one on which the shop "
        "is not closed.",
    )
    remind: Before | None = Field(
        default=None, description="How long before it is due: `4 hours before`, `1 working day before`."
    )
    escalate: Escalation | None = Field(default=None, description="Who hears of it when nobody does it.")
    result: Name | None = Field(
        default=None, alias="as", description="Name under which later steps find it: `call.done_at`."
    )

    def reads(self) -> tuple[tuple[str, str], ...]:
        scope, _, name = (self.assignee or "").partition(".")
        return (("customer", name),) if scope == "customer" else ()

    def makes(self, catalogue: Catalogue) -> Mapping[str, Mapping[str, Shown]]:
        return {self.result: RESULTS["task"]} if self.result is not None else {}

    def notices(self) -> tuple[str, ...]:
        return (*(("task-reminder",) if self.remind else ()), *(("task-escalated",) if self.escalate else ()))

    def notice_words(self) -> Mapping[str, Mapping[str, Shown]]:
        return {"task": TASK_WORDS}

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("task", self.task), *(("notify", message) for message in self.notices()))

    def run(self, run: Run) -> Move:
        due_at = self._due(run)
        whom = self.assignee or ""
        rotation = whom.removeprefix(_ROTATION) if whom.startswith(_ROTATION) else None
        run.open_task(
            Duty(
                task=self.task,
                whom=self.assignee,
                rotation=rotation,
                due_at=due_at,
                remind_at=run.shifted(due_at, self.remind, back=True) if self.remind and due_at else None,
                escalate_at=run.shifted(due_at or run.now, self.escalate.after, back=False) if self.escalate else None,
                escalate_to=self.escalate.to if self.escalate else None,
                name=self.result,
            )
        )
        return Next()

    def _due(self, run: Run) -> datetime | None:
        due_at = run.later(self.due) if self.due is not None else run.now if self.days else None
        return run.week.open_on(self.days, due_at) if due_at is not None and self.days else due_at
