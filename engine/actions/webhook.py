"""webhook: tells another system what happened; it is repeated until that system has it."""

from typing import Annotated, ClassVar

from pydantic import Field, WithJsonSchema

from engine.action import Action, Move, Next, Run
from engine.settings.literals import Name, Text

_Sends = Annotated[
    tuple[Text, ...],
    WithJsonSchema({"type": "array", "minItems": 1, "items": {"type": "string"}, "title": "fields"}),
]


class Webhook(Action):
    """Calls a system of `channels.webhooks`. What it says is fixed when the step is reached, and signed.

    The call is repeated while the system does not answer, always with the same `Idempotency-Key`.
    """

    verb: ClassVar[str] = "webhook"

    webhook: Name = Field(description="The system's name in settings/regulars.yaml.")
    sends: _Sends = Field(
        default=(), description="Fields that it is told: `customer.first_name`, `event.order_id`, `gift.code`."
    )

    def reads(self) -> tuple[tuple[str, str], ...]:
        split = (name.partition(".") for name in self.sends)
        return tuple((scope, field) for scope, _, field in split if (scope, field) != ("customer", "id"))

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("webhook", self.webhook),)

    def run(self, run: Run) -> Move:
        run.plan_call(self.webhook, self.sends)
        return Next()
