"""notify: tells the shop's own people something, by mail."""

from typing import ClassVar

from pydantic import Field

from engine.action import Move, Next, Run
from engine.sends import Saying
from engine.settings.literals import Name, Text


class Notify(Saying):
    """Sends a mail to staff. Consent, send window and cap are the customer's, and do not concern it."""

    verb: ClassVar[str] = "notify"
    to_staff: ClassVar[bool] = True

    notify: Name = Field(description="The message's id: a folder under messages/.")
    to: Text = Field(
        description="A team (everybody in it who is present) or a person of `staff` in settings/regulars.yaml, an "
        "address, or a field of the customer that holds a person: `customer.account_manager`."
    )

    def ways(self) -> tuple[str, ...]:
        return ("email",)

    def reads(self) -> tuple[tuple[str, str], ...]:
        scope, _, name = self.to.partition(".")
        return (("customer", name),) if scope == "customer" else ()

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("notify", self.notify),)

    def run(self, run: Run) -> Move:
        run.plan_notice(self.notify, self.to)
        return Next()
