"""points: gives the customer points, or takes those that are spent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from engine.action import Action, Move, Next, Run
from engine.catalogue import RESULTS, Catalogue
from engine.catalogue import Field as Shown
from engine.settings.literals import Duration, Name

_SHARE = r"(\d{1,4}(?:\.\d{1,3})?)% of ([a-z][a-z0-9_-]*)\.([a-z][a-z0-9_]*)"
_WHOLE = r"\d{1,9}"
#: Why a run ends whose customer has fewer than it spends.
NOT_ENOUGH = "not enough points"


@dataclass(frozen=True)
class Amount:
    """`50`, or `10% of event.total`: whole points for each whole unit of the currency, rounded down."""

    whole: int = 0
    share: Fraction | None = None
    scope: str = ""
    field: str = ""

    @classmethod
    def parse(cls, text: Any) -> "Amount":
        """Reads an amount. Raises `ValueError` in words for authors."""
        if isinstance(text, Amount):
            return text
        if re.fullmatch(r"0[\d.]*(%.*)?", str(text)) and not str(text).partition("%")[0].strip("0."):
            raise ValueError(f"`{text}` gives nothing; write for example  50  or  10% of event.total")
        if re.fullmatch(_WHOLE, str(text)):
            return cls(whole=int(str(text)))
        found = re.fullmatch(_SHARE, str(text))
        if not found:
            raise ValueError(f"`{text}` is no number of points; write for example  50  or  10% of event.total")
        return cls(share=Fraction(found[1]) / 100, scope=found[2], field=found[3])

    def __str__(self) -> str:
        if self.share is None:
            return str(self.whole)
        return f"{float(self.share * 100):g}% of {self.scope}.{self.field}"

    def of(self, run: Run) -> int:
        """How many points that is for a run; never less than none."""
        if self.share is None:
            return self.whole
        return max(0, int(self.share * run.number(self.scope, self.field)))


_Amount = Annotated[
    Amount,
    BeforeValidator(Amount.parse),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "pattern": f"^(?:{_WHOLE}|{_SHARE})$",
            "title": "number of points",
            "examples": ["10% of event.total"],
        }
    ),
]


class Points(Action):
    """Grants points, or spends them; `as` names them for later steps and texts (`earned.amount`, `earned.balance`).

    A customer who has fewer than `spend` takes keeps them, and the run ends there, with the reason `not enough points`.
    """

    verb: ClassVar[str] = "points"

    points: Literal["grant", "spend"] = Field(description="What to do.")
    amount: _Amount = Field(
        description="How many: `50`, or `10% of event.total`, one point for each unit of the currency, rounded down."
    )
    expires: Duration | None = Field(default=None, description="When granted points lapse; without it, never.")
    result: Name | None = Field(
        default=None, alias="as", description="Name under which later steps and texts find them."
    )

    def reads(self) -> tuple[tuple[str, str], ...]:
        return ((self.amount.scope, self.amount.field),) if self.amount.share is not None else ()

    def makes(self, catalogue: Catalogue) -> Mapping[str, Mapping[str, Shown]]:
        return {self.result: RESULTS["points"]} if self.result is not None else {}

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("points", self.points), *([("stopped", NOT_ENOUGH)] if self.points == "spend" else []))

    def run(self, run: Run) -> Move:
        amount = self.amount.of(run)
        if self.points == "spend":
            return run.spend_points(amount, self.result)
        run.grant_points(amount, self.result, self.expires.after(run.now, run.zone) if self.expires else None)
        return Next()
