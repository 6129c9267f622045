"""Keeps on each customer what follows from others' rows: the sums over paid orders, and that something changed."""

from collections.abc import Collection, Iterable
from typing import Any, Final

import sqlalchemy as sa

from engine.store.arithmetic import from_microseconds, in_microseconds
from engine.store.customers import customers, orders
from engine.store.many import among

_ROLLUPS = ("orders_count", "lifetime_spend", "first_order_at", "last_order_at")
_DAY: Final = 86_400_000_000
#: A rhythm needs two intervals at least.
_TIMES: Final = 3


def lock(connection: sa.Connection, ids: Iterable[str]) -> set[str]:
    """Locks these customers until the end of the transaction, and gives the ids of those who exist.

    Two writers of one customer's orders would each sum up without the other's; in the order of ids, they cannot wait
    for each other in a circle. SQLite has one writer at a time and needs no lock.
    """
    found = sa.select(customers.c.id).where(among(connection, customers.c.id, ids)).order_by(customers.c.id)
    return set(connection.scalars(found.with_for_update(key_share=True)))


def touch(connection: sa.Connection, ids: Collection[str], position: int) -> None:
    """Marks these customers as changed by the transaction under way."""
    if ids:
        connection.execute(sa.update(customers).where(among(connection, customers.c.id, ids)).values(position=position))


def sum_up(connection: sa.Connection, ids: Collection[str], position: int) -> None:
    """Brings the sums over the paid orders of these customers up to date, and marks them as changed.

    The mark moves also where no sum changed: a metric over a window of time may count the orders differently now.
    """
    if not ids:
        return
    paid = sa.and_(orders.c.customer_id == customers.c.id, orders.c.paid_at.is_not(None))
    sums = (
        sa.select(
            customers.c.id,
            sa.func.count(orders.c.id).label("orders_count"),
            sa.cast(sa.func.coalesce(sa.func.sum(orders.c.total), 0), sa.BigInteger).label("lifetime_spend"),
            sa.func.min(orders.c.paid_at).label("first_order_at"),
            sa.func.max(orders.c.paid_at).label("last_order_at"),
        )
        .select_from(customers.outerjoin(orders, paid))
        .where(among(connection, customers.c.id, ids))
        .group_by(customers.c.id)
        .subquery("sums")
    )
    values = {**{name: sums.c[name] for name in _ROLLUPS}, **_rhythm(sums.c)}
    connection.execute(sa.update(customers).where(customers.c.id == sums.c.id).values(position=position, **values))


def _rhythm(sums: Any) -> dict[str, sa.ColumnElement[Any]]:
    """The intervals between consecutive orders add up to the time from the first to the last."""
    last = in_microseconds(sums.last_order_at)
    span, gaps = last - in_microseconds(sums.first_order_at), sums.orders_count - 1
    steady = sa.and_(sums.orders_count >= _TIMES, 2 * span >= gaps * sa.literal(_DAY, sa.BigInteger()))
    # Whole days, half rounded up; where they would be none there is no rhythm.
    days = _quotient(2 * span + gaps * sa.literal(_DAY, sa.BigInteger()), 2 * gaps * sa.literal(_DAY, sa.BigInteger()))
    return {
        "usual_interval": sa.case((steady, days)),
        "next_order_expected_at": sa.case((steady, from_microseconds(last + _quotient(span, gaps)))),
        "order_overdue_at": sa.case((steady, from_microseconds(last + _quotient(3 * span, 2 * gaps)))),
    }


def _quotient(total: sa.ColumnElement[Any], by: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return total.op("/", precedence=8, return_type=sa.BigInteger())(sa.func.nullif(by, 0))


def touch_sharing(connection: sa.Connection, shared: Iterable[tuple[str, str]], position: int) -> None:
    """Marks the customers who have one of these values, given as column and value, as changed."""
    values: dict[str, set[str]] = {}
    for column, value in shared:
        values.setdefault(column, set()).add(value)
    for column, some in values.items():
        having = among(connection, customers.c[column], some)
        connection.execute(sa.update(customers).where(having).values(position=position))
