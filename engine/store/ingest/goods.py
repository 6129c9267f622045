"""Products, what happens to them, and what customers wish for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.customers import POSITION
from engine.store.dialect import next_position
from engine.store.goods import goods_events, products, wishes
from engine.store.ingest.owned import put_owned
from engine.store.ingest.supplies import buyers, supply_anew
from engine.store.ingest.touched import lock, touch
from engine.store.ingest.written import Numbered, Rejected, Row, Written, alike, batches, not_of_the_future, once
from engine.store.many import among, write


def put_products(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:  # noqa: ARG001
    """Writes products by their `id`; a new `lasts_days` moves the day on which its buyers run out.

    `now` is there because all of these functions are called alike.
    """
    done = Written()
    for offset, batch in batches(rows):
        part = Written()
        kept = [row for _, row in once(enumerate(batch), "id", "product", part)]
        before = _lasting(connection, [row["id"] for row in kept])
        written: set[str] = set()
        for group in alike(kept):
            written |= write(connection, products, group, [name for name in group[0] if name != "id"])
        _used_up_otherwise(connection, before, written)
        part.count((row["id"] for row in kept), set(before), written)
        done.add(part, offset)
    return done


def _lasting(connection: sa.Connection, ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    columns = (products.c.id, products.c.lasts_days, products.c.title)
    found = connection.execute(sa.select(*columns).where(among(connection, products.c.id, ids)))
    return {row.id: (row.lasts_days, row.title) for row in found}


def _used_up_otherwise(connection: sa.Connection, before: Mapping[str, tuple[Any, ...]], written: set[str]) -> None:
    after = _lasting(connection, sorted(written)) if written else {}
    changed = [key for key, lasts in after.items() if lasts != before.get(key, (None, lasts[1]))]
    concerned = lock(connection, buyers(connection, changed)) if changed else set()
    if concerned:
        position = next_position(connection)
        supply_anew(connection, concerned, position)
        touch(connection, concerned, position)


def put_wishes(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Writes wishes by `customer_id` and `product`; `at` is when the wish was made, `now` without it."""
    dated = [{"at": now, **row} for row in rows]
    return put_owned(connection, wishes, ("customer_id", "product"), dated, ("at",), now)


def put_goods_events(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Writes events about products by their `id`: `name`, `product`, `occurred_at`, `payload`. One is never changed."""
    done = Written()
    for offset, batch in batches(rows):
        part = Written()
        kept = once(not_of_the_future(enumerate(batch), ("occurred_at",), now, part), "id", "event", part)
        _put_goods_events(connection, kept, part)
        done.add(part, offset)
    return done


def _put_goods_events(connection: sa.Connection, rows: Sequence[Numbered], done: Written) -> None:
    table = goods_events.c
    query = sa.select(table.id, table.name, table.product, table.occurred_at, table.payload)
    ids = [row["id"] for _, row in rows]
    stored = {row.id: tuple(row)[1:] for row in connection.execute(query.where(among(connection, table.id, ids)))}
    kept = []
    for index, row in rows:
        earlier = stored.get(row["id"])
        if earlier not in (None, (row["name"], row["product"], row["occurred_at"], dict(row["payload"]))):
            text = f"event `{row['id']}` is stored already, with other values; the first stays"
            done.rejected.append(Rejected(index, "id", text))
        else:
            kept.append({**row, "payload": dict(row["payload"])})
    if kept:
        position = next_position(connection)
        written = write(connection, goods_events, [{**row, POSITION: position} for row in kept])
        done.count((row["id"] for row in kept), set(stored), written)
