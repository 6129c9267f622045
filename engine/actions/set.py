"""set: writes a field of the customer."""

from typing import Annotated, ClassVar

from pydantic import Field, WithJsonSchema

from engine.action import Action, Move, Next, Run
from engine.settings.literals import Text

_Field = Annotated[
    Text,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^customer\.[a-z][a-z0-9_]*$",
            "title": "field of the customer",
            "examples": ["customer.tier"],
        }
    ),
]


class SetField(Action):
    """Writes a field of the customer that the catalogue calls writable; `empty` takes its value away."""

    verb: ClassVar[str] = "set"

    set: _Field = Field(description="The field: `customer.tier`.")
    to: Text = Field(description="The value, written as in a condition, or `empty`.")

    @property
    def field(self) -> str:
        """The field's name without its scope."""
        return self.set.partition(".")[2]

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("set", f"{self.set} is {self.to}"),)

    def run(self, run: Run) -> Move:
        run.set_field(self.field, None if self.to == "empty" else self.to)
        return Next()
