"""What a step may give its customer: vouchers and points, and what it may take back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from babel.numbers import get_currency_precision

from engine.action import End, Move, Next, Stand
from engine.actions.points import NOT_ENOUGH
from engine.catalogue import RESULTS, Field, Type
from engine.loyalty import Loyalty, NoMore, Short
from engine.loyalty.issue import Key
from engine.runs.choices import Choices


@dataclass
class Rewards(Choices):
    """A run as its steps give to its customer."""

    @property
    def _loyalty(self) -> Loyalty:
        return self.setting.loyalty

    @property
    def _at(self) -> Key:
        key = self._key()
        return key["enrolment_id"], key["step"], key["iteration"]

    def issue_voucher(self, kind: str, name: str | None, expires_at: datetime | None) -> Move:
        """Issues a voucher of a declared kind, with a code of its own; `name` keeps it as a result."""
        found = self._loyalty.issue(kind, self.row["customer_id"], expires_at, self.zone, self._at)
        if isinstance(found, NoMore):
            return End(found.reason)
        if isinstance(found, Short):
            if found.wanting:
                self._loyalty.short(self.playbook.id, kind, found.reason)
            return Stand(found.reason, found.until)
        self.keep(name, {"voucher": found["code"]}, {one: found[one] for one in RESULTS["voucher"]})
        return Next()

    def extend_voucher(self, name: str, longer: Callable[[datetime], datetime]) -> None:
        """Lets a voucher live longer; what cannot be is put on record."""
        code = self.results.get(name, {}).get("voucher")
        if code is not None:
            self.record[name].update(self._loyalty.extend(code, longer, self._at) or {})

    def undo(self, name: str) -> None:
        """Takes back a voucher that is not redeemed, or points; what cannot be is put on record."""
        ((kind, reference),) = self.results.get(name, {"nothing": None}).items()
        if kind == "voucher":
            self.record[name].update(self._loyalty.take_back(reference, self._at) or {})
        elif kind == "points":
            step, iteration = reference
            self._loyalty.till.take_back(
                self.row["customer_id"], (self.row["id"], step, iteration), self._why(), self._at
            )

    def grant_points(self, amount: int, name: str | None, expires_at: datetime | None) -> None:
        """Gives the customer points; `name` keeps them as a result."""
        customer, till = self.row["customer_id"], self._loyalty.till
        self._keep_points(name, till.grant(customer, amount, self._why(), expires_at, self.zone, self._at))

    def spend_points(self, amount: int, name: str | None) -> Move:
        """Takes points that the customer spends; where there are not enough, the run ends."""
        shown = self._loyalty.till.spend(self.row["customer_id"], amount, self._why(), self._at)
        if shown is None:
            return End(NOT_ENOUGH)
        self._keep_points(name, shown)
        return Next()

    def number(self, scope: str, field: str) -> Fraction:
        """A number, or an amount in the currency's main unit; nothing where the field is missing."""
        value = self.record.get(scope, {}).get(field)
        if value is None:
            return Fraction(0)
        found, known = Fraction(str(value)), self._field(scope, field)
        if known is not None and known.type is Type.MONEY:
            return found / Fraction(10 ** int(get_currency_precision(self.setting.settings.currency)))
        return found

    def _keep_points(self, name: str | None, shown: dict[str, Any]) -> None:
        _, step, iteration = self._at
        self.keep(name, {"points": [step, iteration]}, shown)
        customer = self.record["customer"]
        if "points" in customer:
            customer["points"] = shown["balance"]

    def _why(self) -> str:
        return self.playbook.title

    def _field(self, scope: str, field: str) -> Field | None:
        catalogue = self.setting.catalogue
        if scope == "customer":
            return catalogue.fields.get(field)
        event = self.playbook.trigger.event_name
        if scope == "event" and event is not None:
            return catalogue.events[event].fields.get(field)
        return self.playbook.made.get(scope, {}).get(field)
