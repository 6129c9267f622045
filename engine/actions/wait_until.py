"""wait_until: waits for a moment that hangs on a date: of the customer, the event or a result."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from engine.action import Action, Hold, Move, Next, Run
from engine.clocks.times import LATEST, local_instant
from engine.clocks.working import SPAN, Span, parse_span
from engine.settings.literals import Clock

_FIELD = r"[a-z][a-z0-9_-]*\.[a-z][a-z0-9_]*"


@dataclass(frozen=True)
class Moment:
    """`7 days before gift.expires_at`, or the field's own moment."""

    scope: str
    field: str
    length: Span | None = None
    side: Literal["before", "after"] = "before"

    @classmethod
    def parse(cls, text: Any) -> "Moment":
        """Reads a moment. Raises `ValueError` in words for authors."""
        found = re.fullmatch(rf"(?:({SPAN}) (before|after) )?({_FIELD})", str(text))
        if not found:
            raise ValueError(f"`{text}` is not a moment; write for example  7 days before gift.expires_at")
        scope, field = found[found.re.groups].split(".")
        if found[1] is None:
            return cls(scope, field)
        side: Literal["before", "after"] = "before" if found[found.re.groups - 1] == "before" else "after"
        return cls(scope, field, parse_span(found[1]), side)

    def __str__(self) -> str:
        name = f"{self.scope}.{self.field}"
        return f"{self.length} {self.side} {name}" if self.length else name

    def of(self, run: Run) -> datetime | None:
        """The moment for that run; None where the field is missing."""
        anchor = run.instant(self.scope, self.field)
        if anchor is None or self.length is None:
            return anchor
        return run.shifted(anchor, self.length, back=self.side == "before")


Written = Annotated[
    Moment,
    BeforeValidator(Moment.parse),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^(?:(?:{SPAN}) (?:before|after) )?{_FIELD}$",
            "title": "moment",
            "examples": ["7 days before gift.expires_at"],
        }
    ),
]


class WaitUntil(Action):
    """Waits until a length of time before or after a date; a moment that is past is not waited for.

    A date that moves while a run waits takes the moment with it: later, or earlier, also into the past. One that is missing
    is waited for.
    """

    verb: ClassVar[str] = "wait_until"

    wait_until: Written = Field(description="The moment: `7 days before gift.expires_at`.")
    at: Clock | None = Field(default=None, description="The hour of that day, in the customer's zone.")

    def moments(self) -> tuple[tuple[str, str], ...]:
        return ((self.wait_until.scope, self.wait_until.field),)

    def run(self, run: Run) -> Move:
        # Found anew at each look: the date may have moved meanwhile.
        moment = self.wait_until.of(run)
        if moment is None:
            return Hold(LATEST)  # until it comes
        if self.at is not None:
            moment = local_instant(moment.astimezone(run.zone).date(), self.at, run.zone)
        if run.resume_at == moment and run.now >= moment:
            return Next()
        return Hold(moment)  # also where it is past: what follows was due then, and may come too late
