"""series: sends the next message of an ordered list that the customer has not had yet."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from engine.action import Action, Move, Next, Run
from engine.sends import ANY
from engine.settings.literals import Name

_By = Annotated[
    tuple[Literal["email", "sms", "chat"], ...],
    Field(min_length=1),
    WithJsonSchema({"type": "array", "minItems": 1, "items": {"enum": ["email", "sms", "chat"]}, "title": "channels"}),
]


class Series(Action):
    """Sends the next message of a list in settings/series.yaml; when the customer has had them all, it goes on.

    The memory is the customer's: no message of a series comes twice, whatever runs and playbooks send it, and one that
    is added later goes to those who had all the others. A message counts as had when it is planned.
    """

    verb: ClassVar[str] = "series"

    series: Name = Field(description="The series' name in settings/series.yaml.")
    by: _By | None = Field(default=None, description="The channels, in the order in which they are tried.")

    def ways(self) -> tuple[str, ...]:
        """The channels in the order in which they are tried; none leaves it to the customer and the settings."""
        return self.by or ()

    def run(self, run: Run) -> Move:
        run.send_next(self.series, self.ways() or (ANY,))
        return Next()
