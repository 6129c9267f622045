"""Results: what a step leaves under a name (`as: gift`), and its words `gift.*` for later steps and texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from engine.catalogue import Field
from engine.clocks.times import Length
from engine.source.marks import Path
from engine.source.problem import Flaw

#: What conditions and texts may mention, by the word before the dot.
Scope = Mapping[str, Mapping[str, Field]]


@dataclass(frozen=True)
class Result:
    """Something kept under a name. `expires` is how long a voucher lives, if not for ever; `clear` is False after a mistake.

    `lacks` says for later steps why it need not exist there: the branches that do not create it.
    """

    name: str
    line: int
    path: Path
    shown: Mapping[str, Field] = field(default_factory=dict)
    expires: Length | None = None
    clear: bool = True
    lacks: tuple[str, ...] = ()

    def fields(self, *, surely: bool = True) -> dict[str, Field]:
        """Its words; all can be missing where the step may not have run."""
        return {name: one if surely else replace(one, required=False) for name, one in self.shown.items()}


def scopes(results: Mapping[str, Result], *, surely: bool = True) -> dict[str, Mapping[str, Field]]:
    """The words of several results."""
    return {name: result.fields(surely=surely) for name, result in results.items()}


def unborn(result: Result) -> Flaw:
    """Why a result does not exist when the run begins."""
    text = f"`{result.name}` does not exist yet when a run begins"
    help_ = f"it is created on line {result.line}; ask for it in a `choose` below, or in `stop_when`"
    return Flaw(0, 0, "used-before", text, (help_,))


def absent(result: Result, line: int) -> Flaw:
    """Why a result does not exist at the step on `line`; the place within the text is for the caller to fill in."""
    text = f"`{result.name}` does not exist yet at this step"
    if result.line >= line:
        return Flaw(0, 0, "used-before", text, (f"it is created on line {result.line}; move this step below it",))
    text = f"`{result.name}` may not exist at this step"
    helps = (f"it is created on line {result.line}, in a branch that need not run", *result.lacks)
    return Flaw(0, 0, "used-before", text, helps)
