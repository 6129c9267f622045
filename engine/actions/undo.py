"""undo: takes back what a step gave: a voucher that is not redeemed yet, or points."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, Move, Next, Run
from engine.settings.literals import Name


class Undo(Action):
    """Takes back a voucher or granted points, gives spent points back. What is spent or redeemed stays, which is on record."""

    verb: ClassVar[str] = "undo"

    undo: Name = Field(description="The name of the voucher or the points, as `as` gave it.")

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("undone", self.undo),)

    def run(self, run: Run) -> Move:
        run.undo(self.undo)
        return Next()
