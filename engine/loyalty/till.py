"""Grants points, spends them and takes them back, within what each customer has."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.loyalty.issue import BY_HAND, Key
from engine.store.loyalty import points
from engine.store.points import Grant, Purse, entry, grant, purses, write_points

_KEY = ("enrolment_id", "step", "iteration")


@dataclass
class Till:
    """The points of one transaction. Customers are locked when they are looked at."""

    connection: sa.Connection
    now: datetime
    _purses: dict[str, Purse] = field(default_factory=dict)
    _known: dict[Key, Mapping[str, Any]] = field(default_factory=dict)
    _rows: list[dict[str, Any]] = field(default_factory=list)

    def prepare(self, customers: Collection[str], runs: Sequence[Mapping[str, Any]] = ()) -> None:
        """Reads what those customers have, and what the steps of those runs did already."""
        self._purses.update(purses(self.connection, {one for one in customers if one not in self._purses}))
        ids = {run["id"] for run in runs}
        found = self.connection.execute(sa.select(points).where(points.c.enrolment_id.in_(ids))).mappings()
        self._known.update({tuple(row[name] for name in _KEY): dict(row) for row in found})

    def balance(self, customer: str) -> int:
        """What a customer can spend."""
        return self._purses[customer].balance(self.now)

    def grant(
        self, customer: str, amount: int, reason: str, expires_at: datetime | None, zone: ZoneInfo, key: Key = BY_HAND
    ) -> dict[str, Any]:
        """Gives points. What they show as a result."""
        if not self._done(key):
            row = self._entry(customer, "granted", amount, reason, key, expires_at=expires_at)
            day = expires_at.astimezone(zone).date() if expires_at is not None else None
            self._purses[customer].add(grant(day, row))
        return self._shown(customer, key)

    def spend(self, customer: str, amount: int, reason: str, key: Key = BY_HAND) -> dict[str, Any] | None:
        """Takes points that the customer spends; None where there are not enough."""
        if not self._done(key):
            if self.balance(customer) < amount:
                return None
            self._purses[customer].take(amount, self.now)
            self._entry(customer, "spent", -amount, reason, key)
        return self._shown(customer, key)

    def take_back(self, customer: str, of: Key, reason: str, key: Key = BY_HAND) -> str | None:
        """Takes granted points back, gives spent ones back; why it could not be done in full, if it could not."""
        before = self._known.get(of)
        if self._done(key) or before is None:
            return None
        purse, amount = self._purses[customer], before["amount"]
        if amount < 0:
            row = self._entry(customer, "taken_back", -amount, reason, key, expires_at=None)
            purse.add(grant(None, row))
            return None
        taken = purse.take(amount, self.now, self._grant_of(purse, of))
        why = None if taken == amount else f"{amount - taken} of {amount} points are spent already"
        self._entry(customer, "taken_back", -taken, reason if why is None else f"{reason}: {why}", key)
        return why

    def write(self) -> None:
        """Writes all of it, and the new balances."""
        touched = {row["customer_id"]: self._purses[row["customer_id"]] for row in self._rows}
        write_points(self.connection, touched, self._rows)

    def _done(self, key: Key) -> bool:
        return key != BY_HAND and key in self._known

    def _entry(
        self, customer: str, change: str, amount: int, reason: str, key: Key, expires_at: datetime | None = None
    ) -> dict[str, Any]:
        of = dict(zip(_KEY, key, strict=True))
        row = entry(customer, change, amount, reason, self.now, **of, expires_at=expires_at)
        self._rows.append(row)
        self._known[key] = row
        return row

    def _grant_of(self, purse: Purse, key: Key) -> Grant | None:
        return next((one for one in purse.grants if one.key == key), None)

    def _shown(self, customer: str, key: Key) -> dict[str, Any]:
        row = self._known[key]
        return {"amount": abs(row["amount"]), "expires_at": row["expires_at"], "balance": self.balance(customer)}
