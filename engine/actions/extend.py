"""extend: lets a voucher of the run live longer."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, Move, Next, Run
from engine.settings.literals import Duration, Name


class Extend(Action):
    """Moves a voucher's end on; one that lapsed lives again, from now. A redeemed one stays as it is, which is on record."""

    verb: ClassVar[str] = "extend"

    extend: Name = Field(description="The voucher's name, as `as` gave it.")
    by: Duration = Field(description="How much longer it can be redeemed.")

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("extended", self.extend),)

    def run(self, run: Run) -> Move:
        run.extend_voucher(self.extend, lambda end: self.by.after(end, run.zone))
        return Next()
