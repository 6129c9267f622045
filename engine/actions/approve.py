"""approve: a person decides whether a run goes on."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from engine.action import Action, End, Hold, Move, Next, Run
from engine.catalogue import QUESTION_WORDS
from engine.catalogue import Field as Shown
from engine.settings.literals import Name, Span, Text


class Approve(Action):
    """Asks a person by the message `approval-asked`, and waits for `regulars tasks approve NUMBER` or `refuse NUMBER`.

    Of a playbook that fires for everybody at a moment of the calendar (`once`, `holiday`, `every`, `cron`) one question is
    asked for all; of every other one for each run. Refused, the run ends.
    """

    verb: ClassVar[str] = "approve"

    approve: Name = Field(description="What is to be decided.")
    by: Text = Field(description="Who decides: a person or a team of `staff`, or an address.")
    within: Span = Field(description="How long there is to decide, from the first run that asks.")
    otherwise: Literal["skip", "go on"] = Field(
        default="skip", description="What happens when nobody decides in time: the run ends, or goes on."
    )

    def notices(self) -> tuple[str, ...]:
        return ("approval-asked",)

    def notice_words(self) -> Mapping[str, Mapping[str, Shown]]:
        return {"question": QUESTION_WORDS}

    def shows(self) -> tuple[tuple[str, str], ...]:
        reasons = (f"{self.approve} was refused", f"nobody decided {self.approve} in time")
        return (("notify", "approval-asked"), *(("stopped", reason) for reason in reasons))

    def run(self, run: Run) -> Move:
        decision = run.decision(self.approve, self.by, run.later(self.within))
        if decision.answer is not None:
            return Next() if decision.answer == "approved" else End(f"{self.approve} was refused")
        if run.now < decision.until:
            return Hold(decision.until)
        return Next() if self.otherwise == "go on" else End(f"nobody decided {self.approve} in time")
