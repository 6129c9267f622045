"""Orders and their lines; what they sum up to is kept on their customers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.customers import POSITION, order_lines, orders
from engine.store.dialect import next_position
from engine.store.ingest.supplies import resupply
from engine.store.ingest.touched import lock, sum_up, touch
from engine.store.ingest.written import (
    Numbered,
    Rejected,
    Row,
    Written,
    alike,
    batches,
    not_of_the_future,
    once,
)
from engine.store.many import among, write

_LINE = ("order_id", "line")


def put_orders(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Writes orders by their `id`: `customer_id`, `placed_at`, `paid_at` (None: not paid), `total` in minor units.

    An order of an unknown customer is rejected, or one that lies in the future.
    """
    done = Written()
    for offset, batch in batches(rows):
        part = Written()
        past = not_of_the_future(enumerate(batch), ("placed_at", "paid_at"), now, part)
        kept = once(past, "id", "order", part)
        upsert_orders(connection, kept, ("customer_id", "placed_at", "paid_at", "total"), part)
        done.add(part, offset)
    return done


def upsert_orders(
    connection: sa.Connection, rows: Sequence[Numbered], changeable: Sequence[str], done: Written
) -> None:
    """Writes numbered orders; of those that exist, only the `changeable` columns may change.

    An order that is another customer's is rejected, unless its customer may change.
    """
    if not rows:
        return
    owners = _owners(connection, [row["id"] for _, row in rows])
    known = lock(connection, {*(row["customer_id"] for _, row in rows), *owners.values()})
    position = next_position(connection)
    kept = []
    for index, row in rows:
        if row["customer_id"] not in known:
            done.rejected.append(unknown_customer(index, row["customer_id"]))
        elif "customer_id" not in changeable and owners.get(row["id"], row["customer_id"]) != row["customer_id"]:
            done.rejected.append(Rejected(index, "order_id", f"order `{row['id']}` is another customer's"))
        else:
            kept.append({**row, POSITION: position})
    if not kept:
        return
    written: set[str] = set()
    for group in alike(kept):
        change = [name for name in group[0] if name in changeable]
        written |= write(connection, orders, group, change, also=[POSITION])
    now_of = {row["id"]: row["customer_id"] for row in kept}
    concerned = {now_of[one] for one in written} | {owners[one] for one in written if one in owners}
    sum_up(connection, concerned, position)
    resupply(connection, concerned, position)
    done.count(now_of, set(owners), written)


def unknown_customer(index: int, customer: str) -> Rejected:
    """The rejection of a row whose customer is not in the store."""
    return Rejected(index, "customer", f"customer `{customer}` is unknown; import the customers first")


def _owners(connection: sa.Connection, ids: Sequence[str]) -> Mapping[str, str]:
    found = connection.execute(sa.select(orders.c.id, orders.c.customer_id).where(among(connection, orders.c.id, ids)))
    return {order: customer for order, customer in found}


def put_order_lines(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:  # noqa: ARG001
    """Writes lines by `order_id` and `line`: `product`, `category`, `quantity`, `amount` in minor units.

    A line of an unknown order is rejected. `now` is there because all of these functions are called alike.
    """
    done = Written()
    for offset, batch in batches(rows):
        part = Written()
        keyed = (
            (index, {**row, "key": f"{row['line']} of order {row['order_id']}"}) for index, row in enumerate(batch)
        )
        _put_lines(connection, once(keyed, "key", "line", part), part)
        done.add(part, offset)
    return done


def _put_lines(connection: sa.Connection, rows: Sequence[Numbered], done: Written) -> None:
    owners = _owners(connection, list({row["order_id"] for _, row in rows}))
    kept: list[dict[str, Any]] = []
    for index, row in rows:
        if row["order_id"] in owners:
            kept.append({name: value for name, value in row.items() if name != "key"})
        else:
            done.rejected.append(
                Rejected(index, "order", f"order `{row['order_id']}` is unknown; import the orders first")
            )
    if not kept:
        return
    lock(connection, owners.values())
    of_orders = sa.select(order_lines.c.order_id, order_lines.c.line).where(
        among(connection, order_lines.c.order_id, owners)
    )
    known = {_key(order, line) for order, line in connection.execute(of_orders)}
    written = set().union(*(_write_lines(connection, group) for group in alike(kept)))
    if written:
        position, concerned = next_position(connection), {owners[order] for order, _ in written}
        touch(connection, concerned, position)
        resupply(connection, concerned, position)
    done.count((_key(row["order_id"], row["line"]) for row in kept), known, {_key(*pair) for pair in written})


def _key(order: str, line: int) -> str:
    return f"{line}\0{order}"


def _write_lines(connection: sa.Connection, rows: Sequence[Row]) -> set[tuple[str, int]]:
    return write(connection, order_lines, rows, [name for name in rows[0] if name not in _LINE])
