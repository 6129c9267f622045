"""Events of customers, and what some of them do: an order becomes an order, a redeemed voucher is marked so."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from engine.store.customers import POSITION, customers, events
from engine.store.dialect import next_position
from engine.store.ingest.consents import answer
from engine.store.ingest.consents import refusal as unclear
from engine.store.ingest.orders import put_order_lines, unknown_customer, upsert_orders
from engine.store.ingest.redemptions import REDEEMED, Till
from engine.store.ingest.stops import STOPPED, stop
from engine.store.ingest.stops import refusal as silent_stop
from engine.store.ingest.touched import lock
from engine.store.ingest.written import Numbered, Rejected, Row, Written, batches, not_of_the_future, once
from engine.store.ledger import COMING, COMPLAINT, outbox
from engine.store.many import among, write

#: These events are rows of `orders`, so that what was bought is told in one way only.
ORDER_PLACED: Final = "order.placed"
ORDER_PAID: Final = "order.paid"
ORDER_EVENTS: Final = (ORDER_PLACED, ORDER_PAID)
_ORDER_FIELDS = {"total", "order_id", "lines"}

_COMPLAINTS = {"complaint.opened": 1, "complaint.closed": -1}


def put_events(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Writes events by their `id`: `name`, `customer_id`, `occurred_at`, `payload` (values that JSON has).

    An event is never changed: the same id with other values is rejected, as is an event of an unknown customer,
    or one that lies in the future.

    * `order.placed` and `order.paid` become orders: `total` in minor units, `order_id` (the event's id without it), and
      `lines`, each with `product`, and `category`, `quantity` and `amount` where they are known;
    * `voucher.redeemed` redeems the voucher with its `code` (or `voucher`), at the time of the event, with the order
      `order_id` where it has one; what cannot be redeemed any more is rejected;
    * `consent.given` and `consent.withdrawn` are answers of the customer, with their evidence (see `consents`);
    * `complaint.opened` and `complaint.closed` count the customer's open complaints;
    * `message.stopped` takes back the consent for its `channel`.
    """
    done = Written()
    for offset, batch in batches(rows):
        part = Written()
        kept = once(not_of_the_future(enumerate(batch), ("occurred_at",), now, part), "id", "event", part)
        _put_orders(connection, kept, now, part)
        _put_others(connection, [one for one in kept if one[1]["name"] not in ORDER_EVENTS], now, part)
        done.add(part, offset)
    return done


def record_event(
    connection: sa.Connection,
    name: str,
    customer_id: str,
    at: datetime,
    payload: Mapping[str, Any],
    event_id: str,
    now: datetime,
) -> Written:
    """Writes one event; see `put_events`."""
    row = {"id": event_id, "name": name, "customer_id": customer_id, "occurred_at": at, "payload": payload}
    return put_events(connection, [row], now)


# --- Orders ----------------------------------------------------------------------------------------------------------


def _put_orders(connection: sa.Connection, rows: Sequence[Numbered], now: datetime, done: Written) -> None:
    placed = [_order(one, done) for one in rows if one[1]["name"] == ORDER_PLACED]
    paid = [_order(one, done) for one in rows if one[1]["name"] == ORDER_PAID]
    for found, changeable in ((placed, ("placed_at",)), (paid, ("paid_at", "total"))):
        kept = once((one for one in found if one), "id", "order", done)
        orders = [(index, {name: row[name] for name in row if name != "lines"}) for index, row in kept]
        upsert_orders(connection, orders, changeable, done)
        refused = {one.index for one in done.rejected}
        lines = [line for index, row in kept if index not in refused for line in row["lines"]]
        put_order_lines(connection, lines, now)


def _order(one: Numbered, done: Written) -> Numbered | None:
    index, row = one
    payload = row["payload"]
    other = sorted(set(payload) - _ORDER_FIELDS)
    total = payload.get("total")
    if other:
        reason = f"`{row['name']}` is kept as an order, which has no `{other[0]}`; it has:  total, order_id, lines"
        done.rejected.append(Rejected(index, other[0], reason))
    elif type(total) is not int or total < 0:
        done.rejected.append(
            Rejected(index, "total", f"`{row['name']}` needs `total`, the amount of the order, from 0 on")
        )
    else:
        at = row["occurred_at"]
        paid_at = at if row["name"] == ORDER_PAID else None
        key = payload.get("order_id") or row["id"]
        order = {"id": key, "customer_id": row["customer_id"], "placed_at": at, "paid_at": paid_at, "total": total}
        return index, {**order, "lines": _lines(key, payload.get("lines") or ())}
    return None


def _lines(order: str, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    whole = {"category": None, "quantity": 1, "amount": 0}
    return [{"order_id": order, "line": number, **whole, **line} for number, line in enumerate(lines, start=1)]


# --- All other events ------------------------------------------------------------------------------------------------


def _put_others(connection: sa.Connection, rows: Sequence[Numbered], now: datetime, done: Written) -> None:
    if not rows:
        return
    known = lock(connection, (row["customer_id"] for _, row in rows))
    stored = _stored(connection, [row["id"] for _, row in rows])
    till = Till(connection, [row for _, row in rows])
    kept: list[dict[str, Any]] = []
    for index, row in rows:
        rejected = _rejection(index, row, known, stored, till)
        if rejected:
            done.rejected.append(rejected)
        else:
            kept.append({**row, "payload": dict(row["payload"])})
    if not kept:
        return
    position = next_position(connection)
    written = write(connection, events, [{**row, POSITION: position} for row in kept])
    new = [row for row in kept if row["id"] in written]
    till.close(connection)
    stop(connection, new, now)
    answer(connection, new, now)
    _count_complaints(connection, new, position)
    done.count((row["id"] for row in kept), set(stored), written)


def _rejection(
    index: int, row: Row, known: set[str], stored: Mapping[str, tuple[Any, ...]], till: Till
) -> Rejected | None:
    if row["customer_id"] not in known:
        return unknown_customer(index, row["customer_id"])
    earlier = stored.get(row["id"])
    if earlier is not None and earlier != _identity(row):
        return Rejected(index, "id", f"event `{row['id']}` is stored already, with other values; the first stays")
    if row["name"] == REDEEMED and earlier is None and (why := till.refusal(row)) is not None:
        return Rejected(index, "code", why)
    if row["name"] == STOPPED and (why := silent_stop(row)) is not None:
        return Rejected(index, "channel", why)
    if (why := unclear(row)) is not None:
        return Rejected(index, "channel", why)
    return None


def _identity(row: Row) -> tuple[Any, ...]:
    return (row["name"], row["customer_id"], row["occurred_at"], dict(row["payload"]))


def _stored(connection: sa.Connection, ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    table = events.c
    query = sa.select(table.id, table.name, table.customer_id, table.occurred_at, table.payload)
    return {row.id: tuple(row)[1:] for row in connection.execute(query.where(among(connection, table.id, ids)))}


def _count_complaints(connection: sa.Connection, rows: Sequence[Row], position: int) -> None:
    steps: dict[str, tuple[int, int]] = {}  # of each customer: the sum, and below what it never leaves the count
    for row in rows:
        if row["name"] in _COMPLAINTS:
            step, (so_far, lowest) = _COMPLAINTS[row["name"]], steps.get(row["customer_id"], (0, 0))
            steps[row["customer_id"]] = so_far + step, max(lowest + step, 0)  # as if one came after the other
    if steps:
        total = customers.c.open_complaints + sa.bindparam("step", type_=sa.BigInteger)
        least = sa.bindparam("least", type_=sa.BigInteger)
        never_less = sa.case((total < least, least), else_=total)
        concerned = sa.update(customers).where(customers.c.id == sa.bindparam("whose"))
        connection.execute(
            concerned.values(open_complaints=never_less, position=position),
            [{"whose": customer, "step": step, "least": lowest} for customer, (step, lowest) in steps.items()],
        )
        _let_go(connection, [customer for customer, (step, _) in steps.items() if step < 0])


def _let_go(connection: sa.Connection, closed: Sequence[str]) -> None:
    """What waited for the last complaint of a customer to be closed is looked at again with the next pass."""
    if closed:
        content = sa.select(customers.c.id).where(customers.c.id.in_(closed), customers.c.open_complaints == 0)
        waits = (outbox.c.state == "deferred", outbox.c.reason == COMPLAINT, outbox.c.customer_id.in_(content))
        connection.execute(
            sa.update(outbox).where(sa.literal_column(COMING), *waits).values(due_at=outbox.c.planned_at)
        )
