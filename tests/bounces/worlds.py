"""A shop that has sent mails whose answers come back, for the tests of this folder."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.bounces.record import KNOWN, Intake
from engine.channels import Letter
from engine.store.bounces import reports
from engine.store.customers import consents, events, suppressions
from tests.shop import SECRETS, SETTINGS, World, playbook

ADDRESS = "bounces@mail.shop.example"
WITH_BOUNCES = SETTINGS.replace("<hello@shop.example>", f"<hello@shop.example>, bounces: {{address: {ADDRESS}}}")
PAID = "when: {event: order.paid}\nif_running: parallel\ndo:\n  - email: hello"


class Answered(World):
    """Customers who bought, and got a mail each."""

    def __init__(self, store: sa.Engine, now: datetime, *names: str, body: str = PAID, **keys: Any) -> None:
        options = {"settings": WITH_BOUNCES, **{key: keys.pop(key) for key in ("settings", "channel") if key in keys}}
        super().__init__(store, now, playbook("p", body, **keys), **options)
        self.customers(*names)
        self.tick()
        self.buy(*names)

    def buy(self, *names: str) -> None:
        """Each of them buys, and hears of it if nothing is in the way."""
        for name in names:
            self.event("order.paid", name, total=100)
        self.tick()

    def letter(self, name: str) -> Letter:
        """The last mail to a customer."""
        return [one for one in self.record.letters if one.recipient == f"{name}@example.com"][-1]

    def come_back(self, mail: bytes) -> str:
        """A mail comes to the address for bounces; what it was taken for."""
        found = Intake(self.shop, SECRETS, ADDRESS)(mail, self.now)
        return found.kind if found is not None else KNOWN

    def changed(self) -> dict[str, Any]:
        """Everything that a report can change."""
        return {
            "suppressed": [(row["address"], row["reason"]) for row in self.rows(suppressions)],
            "withdrawn": [(row["customer_id"], row["topic"], row["how"]) for row in self.rows(consents, given=False)],
            "events": [(row["name"], row["customer_id"]) for row in self.rows(events) if row["name"] != "order.paid"],
            "bounced": [row["customer_id"] for row in self.messages() if row["bounced_at"] is not None],
        }

    def kinds(self) -> list[str]:
        """What is on record of what came back."""
        return sorted(row["kind"] for row in self.rows(reports))


NOTHING: dict[str, Any] = {"suppressed": [], "withdrawn": [], "events": [], "bounced": []}
