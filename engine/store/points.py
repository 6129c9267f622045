"""The ledger of points: what a customer has, which of it lapses first, and the balance kept on the customer."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from engine.store.customers import POSITION, customers
from engine.store.dialect import lock_customers, next_position
from engine.store.loyalty import ALIVE, points
from engine.store.many import among

#: Customers whose points lapse in one transaction.
BATCH = 1_000


@dataclass
class Grant:
    """Points that were granted together and what remains of them; without `id`, they are not written yet."""

    id: int | None
    key: tuple[Any, ...]  # enrolment, step and iteration; empty fields for what a person granted
    remaining: int
    expires_at: datetime | None
    row: dict[str, Any] | None = None  # the row to be written

    def take(self, wanted: int) -> int:
        """Takes so many at most. Gives how many."""
        taken = min(wanted, self.remaining)
        self.remaining -= taken
        if self.row is not None:
            self.row["remaining"] = self.remaining
        return taken


@dataclass
class Purse:
    """What one customer has: grants in the order in which they are spent, those that lapse first before the others."""

    grants: list[Grant] = field(default_factory=list)
    changed: dict[int, int] = field(default_factory=dict)  # id of a written grant -> what remains of it now

    def balance(self, now: datetime) -> int:
        """What can be spent; what lapsed is gone, also before the pass that writes it down."""
        return sum(one.remaining for one in self._alive(now))

    def add(self, grant: Grant) -> None:
        """Puts a new grant in."""
        self.grants.append(grant)
        self.grants.sort(key=lambda one: (one.expires_at is None, one.expires_at or 0, one.id is None, one.id or 0))

    def take(self, amount: int, now: datetime, first: Grant | None = None) -> int:
        """Takes so many at most, `first` of one grant. Gives how many."""
        left = amount
        for one in [*([first] if first is not None else []), *self._alive(now)]:
            if left and (taken := one.take(left)):
                left -= taken
                if one.id is not None:
                    self.changed[one.id] = one.remaining
        return amount - left

    def _alive(self, now: datetime) -> list[Grant]:
        return [one for one in self.grants if one.remaining and (one.expires_at is None or one.expires_at > now)]


def purses(connection: sa.Connection, ids: Collection[str]) -> dict[str, Purse]:
    """What those customers have, locked until the end of the transaction."""
    lock_customers(connection, ids)
    found = {one: Purse() for one in ids}
    mine = among(connection, points.c.customer_id, ids)
    kept = (points.c.id, points.c.customer_id, points.c.remaining, points.c.expires_at)
    key = (points.c.enrolment_id, points.c.step, points.c.iteration)
    rows = connection.execute(sa.select(*kept, *key).where(mine, sa.literal_column(ALIVE)).order_by(points.c.id))
    for row in rows:
        found[row.customer_id].add(Grant(row.id, tuple(row)[4:], row.remaining, row.expires_at))
    return found


def points_of_runs(connection: sa.Connection, runs: Collection[int]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """What the steps of those runs granted or spent, by run, step and iteration, and what the customers have now."""
    table = points.c
    mine = sa.select(table.enrolment_id, table.step, table.iteration, table.customer_id, table.amount, table.expires_at)
    rows = list(connection.execute(mine.where(table.enrolment_id.in_(runs))))
    left = sa.select(table.customer_id, sa.func.sum(table.remaining)).group_by(table.customer_id)
    whose = among(connection, table.customer_id, {row.customer_id for row in rows})
    balances = {customer: int(balance) for customer, balance in connection.execute(left.where(whose))}
    return {
        tuple(row)[:3]: {
            "amount": abs(row.amount),
            "expires_at": row.expires_at,
            "balance": balances.get(row.customer_id, 0),
        }
        for row in rows
    }


def write_points(connection: sa.Connection, purses_of: Mapping[str, Purse], rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes what was granted and spent, and brings the balances of those customers up to date."""
    if rows:
        connection.execute(sa.insert(points), [dict(row) for row in rows])
    changed = [
        {"its": id_, "left": left} for purse in purses_of.values() for id_, left in sorted(purse.changed.items())
    ]
    if changed:
        one = sa.update(points).where(points.c.id == sa.bindparam("its"))
        connection.execute(one.values(remaining=sa.bindparam("left")), changed)
    roll_up(connection, {row["customer_id"] for row in rows})


def entry(customer: str, change: str, amount: int, reason: str, now: datetime, **more: Any) -> dict[str, Any]:
    """One row of the ledger."""
    nothing = dict.fromkeys(("expires_at", "expires_on", "enrolment_id", "step", "iteration"))
    first = {"customer_id": customer, "change": change, "amount": amount, "reason": reason, "at": now, "remaining": 0}
    return {**first, **nothing, **more}


def grant(expires_on: date | None, row: dict[str, Any]) -> Grant:
    """A new grant and its row, which go on together until it is written."""
    row.update(remaining=row["amount"], expires_on=expires_on)
    key = (row["enrolment_id"], row["step"], row["iteration"])
    return Grant(None, key, row["amount"], row["expires_at"], row)


def roll_up(connection: sa.Connection, ids: Iterable[str]) -> None:
    """Brings `points` and `points_expire_on` of these customers up to date, and marks them as changed."""
    concerned = sorted(set(ids))
    if not concerned:
        return
    alive = sa.and_(points.c.customer_id == customers.c.id, sa.literal_column(f"points.{ALIVE}"))
    sums = (
        sa.select(
            customers.c.id,
            sa.cast(sa.func.coalesce(sa.func.sum(points.c.remaining), 0), sa.BigInteger).label("points"),
            sa.func.min(points.c.expires_on).label("points_expire_on"),
        )
        .select_from(customers.outerjoin(points, alive))
        .where(among(connection, customers.c.id, concerned))
        .group_by(customers.c.id)
        .subquery("sums")
    )
    values = {"points": sums.c.points, "points_expire_on": sums.c.points_expire_on, POSITION: next_position(connection)}
    connection.execute(sa.update(customers).where(customers.c.id == sums.c.id).values(values))


def over(now: sa.ColumnElement[datetime]) -> tuple[sa.ColumnElement[bool], ...]:
    """Points whose time is over, in the words of their index."""
    return (sa.literal_column(f"points.{ALIVE}"), points.c.expires_at <= now)


def lapse_points(connection: sa.Connection, now: datetime) -> int:
    """Lets points lapse whose time is over, of a batch of customers. Gives how many customers lost any."""
    due = over(sa.literal(now, points.c.expires_at.type))
    who = list(connection.scalars(sa.select(points.c.customer_id).where(*due).distinct().limit(BATCH)))
    lock_customers(connection, who)
    mine = among(connection, points.c.customer_id, who)
    lost: dict[str, int] = {}
    for customer, left in connection.execute(sa.select(points.c.customer_id, points.c.remaining).where(*due, mine)):
        lost[customer] = lost.get(customer, 0) + left
    if lost:
        connection.execute(sa.update(points).where(*due, mine).values(remaining=0))
        rows = [entry(customer, "lapsed", -amount, "lapsed", now) for customer, amount in sorted(lost.items())]
        connection.execute(sa.insert(points), rows)
        roll_up(connection, lost)
    return len(who)
