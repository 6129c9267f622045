"""Takes in what sources tell, each event once: a repeat is known by the source's id, and another event under it refused."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa

from engine.failpoints import reach
from engine.store.customers import customers
from engine.store.faults import StoreError, in_plain_words
from engine.store.ingest.customers import put_customers
from engine.store.ingest.events import ORDER_EVENTS, put_events
from engine.store.ingest.goods import put_goods_events
from engine.store.ingest.redemptions import REDEEMED
from engine.store.ingest.touched import lock
from engine.store.ingest.written import Rejected, Row, Written
from engine.store.many import among, write
from engine.store.sources import receipts

_Put = Callable[[sa.Connection, Sequence[Row], datetime], Written]
_PUT: Final[Mapping[bool, _Put]] = {False: put_events, True: put_goods_events}

_Key = tuple[str, str]


@dataclass(frozen=True)
class Told:
    """An event as a source told it. Two sources may use the same ids: in the store, `SOURCE:ID` names the event."""

    source: str
    id: str
    hash: str  # of the whole of what was said
    row: Row  # for `put_events`, or for `put_goods_events`; without its id
    about_goods: bool = False
    make_customer: bool = False  # one who is not in the store

    @property
    def key(self) -> _Key:
        """What is unique of it."""
        return self.source, self.id

    @property
    def order(self) -> str | None:
        """The order that it becomes, changes or is measured by."""
        order: str | None = self.row["payload"].get("order_id")
        if self.row["name"] in ORDER_EVENTS:
            return order or self.stored_id
        return order if self.row["name"] == REDEEMED else None

    @property
    def stored_id(self) -> str:
        """The id of the event in the store."""
        return f"{self.source}:{self.id}"


@dataclass(frozen=True)
class Received:
    """What became of an event; of one that was refused, the column at fault and the reason."""

    state: Literal["stored", "duplicate", "conflict", "refused"]
    column: str = ""
    reason: str = ""


_STORED, _DUPLICATE = Received("stored"), Received("duplicate")


def receive(engine: sa.Engine, events: Sequence[Told], now: datetime) -> list[Received]:
    """Takes events in as if one came after the other, and gives what became of each once all of it is committed.

    Raises `StoreError`; then some may be in the store, and the same once more completes it.
    """
    found: dict[int, Received] = {}
    left = list(range(len(events)))
    while left:
        turn, left = _together(events, left)
        done = _commit(engine, [events[number] for number in turn], now)
        reach("events.committed")
        found.update(zip(turn, done, strict=True))
    return [found[number] for number in range(len(events))]


def _commit(engine: sa.Engine, events: Sequence[Told], now: datetime, again: int = 3) -> list[Received]:
    try:
        with in_plain_words(), engine.begin() as connection:
            return _take(connection, events, now)
    except StoreError as fault:
        if again and fault.passing:
            return _commit(engine, events, now, again - 1)
        raise


def _together(events: Sequence[Told], numbers: Sequence[int]) -> tuple[list[int], list[int]]:
    """Those that may be written at once, and those that speak of the same event or order as one before them."""
    turn: list[int] = []
    later: list[int] = []
    seen: set[_Key] = set()
    for number in numbers:
        one = events[number]
        marks = {one.key} if one.order is None else {one.key, ("an order", one.order)}
        (later if marks & seen else turn).append(number)
        seen |= marks
    return turn, later


def _take(connection: sa.Connection, events: Sequence[Told], now: datetime) -> list[Received]:
    fresh = _sign(connection, events, now)
    known = _hashes(connection, [one for one in events if one.key not in fresh])
    new = [one for one in events if one.key in fresh]
    refused = _put(connection, new, now)
    _take_back(connection, refused)
    return [_outcome(one, known, refused) for one in events]


def _sign(connection: sa.Connection, events: Sequence[Told], now: datetime) -> set[_Key]:
    """Writes the receipts first, always in the same order: of two who tell the same at once, one waits for the other."""
    rows = [
        {
            "source": one.source,
            "event_id": one.id,
            "hash": one.hash,
            "received_at": now,
            "customer_id": None if one.about_goods else one.row["customer_id"],
        }
        for one in sorted(events, key=lambda one: one.key)
    ]
    return write(connection, receipts, rows)


def _hashes(connection: sa.Connection, events: Sequence[Told]) -> dict[_Key, str]:
    if not events:
        return {}
    table, wanted = receipts.c, {one.key for one in events}
    query = sa.select(table.source, table.event_id, table.hash).where(
        among(connection, table.source, {one.source for one in events}),
        among(connection, table.event_id, {one.id for one in events}),
    )
    found = {(source, id_): hash_ for source, id_, hash_ in connection.execute(query)}
    if not wanted <= found.keys():
        raise StoreError("an event was told twice at the same instant", "send it again")
    return found


def _put(connection: sa.Connection, events: Sequence[Told], now: datetime) -> dict[_Key, Rejected]:
    """Writes the events as an import does; gives those that it rejects."""
    # All at once and in one order, since below each kind of event locks its own.
    known = lock(connection, {one.row["customer_id"] for one in events if not one.about_goods})
    made = _make(connection, [one for one in events if not one.about_goods], known, now)
    refused: dict[_Key, Rejected] = {}
    for about_goods, put in _PUT.items():
        mine = [one for one in events if one.about_goods is about_goods]
        rows = [{**one.row, "id": one.stored_id} for one in mine]
        done = put(connection, rows, now) if rows else Written()
        refused |= {mine[one.index].key: one for one in done.rejected}
    told = {one.row["customer_id"] for one in events if not one.about_goods and one.key not in refused}
    if made - told:  # of whom nothing was told in the end
        connection.execute(sa.delete(customers).where(among(connection, customers.c.id, made - told)))
    return refused


def _make(connection: sa.Connection, events: Sequence[Told], known: set[str], now: datetime) -> set[str]:
    """Makes the customers who are unknown and may be made; gives them, unless somebody else made one meanwhile."""
    unknown = {one.row["customer_id"] for one in events if one.make_customer} - known
    if not unknown:
        return set()
    rows = [{"id": one} for one in sorted(unknown)]
    done = put_customers(connection, rows, now)
    made = unknown - {rows[one.index]["id"] for one in done.rejected}  # who was erased stays so
    return made if done.new == len(made) else set()


def _take_back(connection: sa.Connection, keys: Iterable[_Key]) -> None:
    """What was refused may be told again, once it is mended."""
    by_source: dict[str, list[str]] = {}
    for source, id_ in keys:
        by_source.setdefault(source, []).append(id_)
    for source, ids in by_source.items():
        mine = (receipts.c.source == source, among(connection, receipts.c.event_id, ids))
        connection.execute(sa.delete(receipts).where(*mine))


def _outcome(one: Told, known: Mapping[_Key, str], refused: Mapping[_Key, Rejected]) -> Received:
    if one.key in known:
        return _DUPLICATE if known[one.key] == one.hash else _conflict(one)
    if one.key in refused:
        why = refused[one.key]
        return Received("conflict" if why.column == "id" else "refused", why.column, why.reason)
    return _STORED


def _conflict(one: Told) -> Received:
    return Received("conflict", "id", f"event `{one.id}` was told before, with other values; the first stays")
