"""Rows that belong to a customer and are told again when they change: wishes, reservations, subscriptions."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from engine.store.customers import POSITION
from engine.store.dialect import next_position
from engine.store.goods import reservations, subscriptions
from engine.store.ingest.orders import unknown_customer
from engine.store.ingest.touched import lock, touch
from engine.store.ingest.written import Numbered, Rejected, Row, Written, alike, batches, not_of_the_future, once
from engine.store.many import among, write


def put_reservations(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Writes reservations by their `id`: `customer_id`, `starts_at`, and what else is known. A new one is `booked`."""
    dated = [{"made_at": now, **row} for row in rows]
    return put_owned(connection, reservations, ("id",), dated, ("made_at",), now, {"state": "booked"})


def put_subscriptions(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Writes subscriptions by their `id`: `customer_id`, and what else is known. A new one is `active`."""
    dated = [{"began_at": now, **row} for row in rows]
    return put_owned(connection, subscriptions, ("id",), dated, ("began_at",), now, {"state": "active"})


def put_owned(
    connection: sa.Connection,
    table: sa.Table,
    key: Sequence[str],
    rows: Sequence[Row],
    begun: Sequence[str],
    now: datetime,
    usual: Mapping[str, object] | None = None,
) -> Written:
    """Writes rows by their key; the columns `begun` are kept from the first time. Their customers count as changed.

    A new row has what is `usual` where it does not say; one that is known keeps what it has.
    """
    done = Written()
    for offset, batch in batches(rows):
        part = Written()
        past = not_of_the_future(enumerate(batch), begun, now, part)
        keyed = ((index, {**row, "\0": tuple(row[name] for name in key)}) for index, row in past)
        kept = [(index, {name: row[name] for name in row if name != "\0"}) for index, row in _once(keyed, table, part)]
        _put(connection, table, key, kept, begun, usual or {}, part)
        done.add(part, offset)
    return done


def _once(rows: Iterator[Numbered], table: sa.Table, done: Written) -> list[Numbered]:
    found = Written()
    kept = once(rows, "\0", table.name.removesuffix("s"), found)
    for one in found.rejected:
        done.rejected.append(
            Rejected(one.index, "", f"this {table.name.removesuffix('s')} stands twice, with different values")
        )
    done.unchanged += found.unchanged
    return kept


def _put(
    connection: sa.Connection,
    table: sa.Table,
    key: Sequence[str],
    rows: Sequence[Numbered],
    begun: Sequence[str],
    usual: Mapping[str, object],
    done: Written,
) -> None:
    known = lock(connection, {row["customer_id"] for _, row in rows})
    owners = _owners(connection, table, [row for _, row in rows])
    kept = []
    for index, row in rows:
        if row["customer_id"] not in known:
            done.rejected.append(unknown_customer(index, row["customer_id"]))
        elif owners.get(row.get("id"), row["customer_id"]) != row["customer_id"]:
            text = f"{table.name.removesuffix('s')} `{row['id']}` is another customer's"
            done.rejected.append(Rejected(index, "id", text))
        else:
            kept.append(dict(row))
    if not kept:
        return
    position = next_position(connection)
    numbered = POSITION in table.c
    before = _known(connection, table, key, kept)
    written: set[object] = set()
    for group in alike({**row, POSITION: position} if numbered else row for row in kept):
        change = [name for name in group[0] if name not in (*key, *begun, "customer_id", POSITION)]
        whole = [{**usual, **row} for row in group]
        written |= write(connection, table, whole, change, also=[POSITION] if numbered else [])
    names = [_name(tuple(row[name] for name in key)) for row in kept]
    changed = {_name(one if isinstance(one, tuple) else (one,)) for one in written}
    done.count(names, before, changed)
    concerned = {row["customer_id"] for row, name in zip(kept, names, strict=True) if name in changed}
    touch(connection, concerned, position)


def _name(key: tuple[object, ...]) -> str:
    return "\0".join(map(str, key))


def _owners(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> dict[object, str]:
    if "id" not in table.c:
        return {}
    wanted = among(connection, table.c.id, [row["id"] for row in rows])
    return {one: owner for one, owner in connection.execute(sa.select(table.c.id, table.c.customer_id).where(wanted))}


def _known(connection: sa.Connection, table: sa.Table, key: Sequence[str], rows: Sequence[Row]) -> set[str]:
    wanted = among(connection, table.c[key[0]], [row[key[0]] for row in rows])
    found = connection.execute(sa.select(*(table.c[name] for name in key)).where(wanted))
    return {_name(tuple(row)) for row in found}
