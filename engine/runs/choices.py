"""What a step may decide for its run: which share, which round, which message of a series, which value of a field."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from engine.action import Heard
from engine.clocks.times import LATEST
from engine.clocks.working import Span, span_after, span_before
from engine.conditions import LOOK_AGAIN, Tree, turns_at, written_value
from engine.guards.holdout import place
from engine.runs.deeds import Deeds


@dataclass
class Choices(Deeds):
    """A run as its steps decide for it."""

    rounds: dict[str, int] = field(default_factory=dict, init=False)  # of the steps that repeat others, by id

    # --- Time --------------------------------------------------------------------------------------------------------

    def later(self, span: Span) -> datetime:
        """So much later than now: by the customer's clocks, working days by the shop's."""
        return self.shifted(self.now, span, back=False)

    def shifted(self, anchor: datetime, span: Span, *, back: bool) -> datetime:
        """So much after an instant, or before it."""
        move = span_before if back else span_after
        return move(span, anchor, self.zone, self.setting.settings.week)

    def turns_at(self, condition: Tree) -> datetime | None:
        """When time alone may next change the answer of a condition; None where only data can."""
        setting = self.setting
        found = turns_at(condition, self.record, self.now, setting.settings.zone, setting.segments)
        if setting.catalogue.customers.position is not None:
            return found
        # A store that does not number its changes cannot say that the customer has changed.
        return min(found or LATEST, self.now + LOOK_AGAIN)

    # --- Rounds ------------------------------------------------------------------------------------------------------

    @property
    def round(self) -> int:
        """How many rounds of the present step have begun, where it repeats its steps."""
        return self.rounds.get(self.step.id, 0) if self.step is not None else 0

    def begin_round(self) -> None:
        """One more round of the present step. The run's rounds are counted together, so that no two effects of a step
        are the same, however repeats are nested."""
        if self.step is not None:
            self.rounds[self.step.id] = self.round + 1
            self.iteration += 1

    def end_rounds(self) -> None:
        """The present step begins anew when the run comes back to it."""
        if self.step is not None:
            self.rounds.pop(self.step.id, None)

    # --- What is put on record ---------------------------------------------------------------------------------------

    def keep_event(self, name: str | None, heard: Heard) -> None:
        """Keeps an event as a result, under that name if there is one."""
        self.keep(name, {"event": [heard.name, heard.id]}, heard.fields)

    def draw(self, shares: Sequence[tuple[str, Fraction]]) -> int:
        """Which of these shares the customer belongs to, always the same at this step; it is put on record."""
        step, customer = self.step.id if self.step is not None else "", self.row["customer_id"]
        decided = self.setting.variant(self.playbook.id, step, customer) if self.setting.variant is not None else None
        number = next((at for at, (name, _) in enumerate(shares) if name == decided), None)
        if number is None:
            number = drawn(self.playbook.salt, step, customer, [share for _, share in shares])
        self.setting.effects.variants.append(
            {"enrolment_id": self.row["id"], "step": step, "variant": shares[number][0], "at": self.now}
        )
        return number

    def set_field(self, field: str, text: str | None) -> None:
        """Writes a field of the customer, given as authors write its values; None makes it empty."""
        setting = self.setting
        value = (
            None if text is None else written_value(setting.catalogue.fields[field], text, setting.settings.currency)
        )
        setting.effects.fields[self.row["customer_id"], field] = value
        if field in self.record["customer"]:
            self.record["customer"][field] = value

    def send_next(self, series: str, by: Sequence[str]) -> None:
        """Plans the next message of a series that the customer has not had, if one is left."""
        customer = self.row["customer_id"]
        had = self.setting.effects.had.setdefault((customer, series), set())
        following = next((one for one in self.playbook.series.get(series, ()) if one not in had), None)
        if following is None:
            return
        had.add(following)
        self.setting.effects.told.append(
            {"customer_id": customer, "series": series, "message": following, "at": self.now}
        )
        self.plan_message(by[0], following, by[1:])


def drawn(playbook: str, step: str, customer_id: str, shares: Sequence[Fraction]) -> int:
    """The share that a customer belongs to: the same over restarts, edits and machines."""
    stands, above = place(playbook, customer_id, f"split\0{step}"), Fraction(0)
    for number, share in enumerate(shares):
        above += share
        if stands < above:
            return number
    return len(shares) - 1
