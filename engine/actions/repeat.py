"""repeat: goes through the same steps several times."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from engine.action import Action, Enter, Move, Next, Run
from engine.blocks import Conditions, Steps
from engine.conditions import Tree

_TIMES = r"[1-9]\d{0,2} times?"


def _times(text: Any) -> int:
    if not re.fullmatch(_TIMES, str(text), re.ASCII):
        raise ValueError(f"`{text}` is not a number of rounds; write for example  6 times")
    return int(str(text).split(" ")[0])


Times = Annotated[
    int,
    BeforeValidator(_times),
    WithJsonSchema({"type": "string", "pattern": f"^{_TIMES}$", "title": "number of rounds", "examples": ["6 times"]}),
]


class Repeat(Action):
    """Goes through its steps so many times; with `until`, only as long as that does not hold before a round."""

    verb: ClassVar[str] = "repeat"
    repeats: ClassVar[bool] = True

    repeat: Times = Field(description="How often at most: `6 times`.")
    until: Conditions | None = Field(default=None, description="No further round begins once all of these hold.")
    do: Steps | None = Field(description="The steps of one round; one of them must wait.")

    def conditions(self) -> tuple[Tree, ...]:
        return (self.until,) if self.until is not None else ()

    def forks(self) -> tuple[str, ...]:
        return ("the round", "the end")

    def run(self, run: Run) -> Move:
        if run.round >= self.repeat or (self.until is not None and run.holds(self.until)):
            return Next()
        return Enter(0)
