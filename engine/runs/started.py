"""What began runs, read again for many at once: events as they were, records as they are now."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from engine.catalogue import Elements, Field, PersonalList, Record
from engine.catalogue.origin import EVENTS, Origin
from engine.conditions import compile_value
from engine.facts import Facts
from engine.store.ledger import enrolments

#: Collected events that a text can list; all of them count.
LISTED = 50
#: What a row must hold: a run, or as much of it as is asked for here.
COLUMNS = (
    enrolments.c.id, enrolments.c.playbook, enrolments.c.customer_id, enrolments.c.occasion, enrolments.c.event_id,
    enrolments.c.fired_at, enrolments.c.collect_until,
)  # fmt: skip

Row = Mapping[str, Any]
Values = dict[str, Any]


def started(
    connection: sa.Connection, facts: Facts, origin: Origin, rows: Sequence[Row], words: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """What began each of these runs of one playbook, by word, in their order; of `words` only, where some are named."""
    asked = {word for word in (*origin.scopes(facts.catalogue), EVENTS) if words is None or word in words}
    found: list[dict[str, Any]] = [{} for _ in rows]
    for read in _readers(connection, facts, origin, rows, asked):
        for values, one in zip(found, read, strict=True):
            values.update(one)
    return found


def _readers(
    connection: sa.Connection, facts: Facts, origin: Origin, rows: Sequence[Row], asked: Collection[str]
) -> Iterable[list[dict[str, Any]]]:
    catalogue = facts.catalogue
    elements, met, record = origin.elements_in(catalogue), origin.list_in(catalogue), origin.record_in(catalogue)
    if origin.event is not None and ("event" in asked or (met is not None and met.word in asked)):
        events = facts.events(connection, origin.event, _origins(rows))
        yield [{"event": dict(events.get(row["event_id"], {}))} for row in rows]
        if met is not None:
            yield _entries(connection, facts, met, rows, events)
    if elements is not None and elements.word in asked:
        yield _elements(connection, facts, elements, rows)
    if record is not None and record.name in asked:
        records = _records(connection, facts, record, _origins(rows))
        yield [{record.name: dict(records.get(row["event_id"], {}))} for row in rows]
    if origin.collects and origin.event is not None and EVENTS in asked:
        yield _collected(connection, facts, origin.event, rows)


def _origins(rows: Sequence[Row]) -> set[str]:
    return {row["event_id"] for row in rows if row["event_id"] is not None}


def _columns(facts: Facts, scope: str, fields: Mapping[str, Field]) -> list[sa.ColumnElement[Any]]:
    return [
        compile_value(one, facts.catalogue, scope).expression.label(f"field_{number}")
        for number, one in enumerate(fields.values())
    ]


def _values(fields: Mapping[str, Field], row: Sequence[Any]) -> Values:
    return dict(zip(fields, row, strict=True))


def _elements(connection: sa.Connection, facts: Facts, elements: Elements, rows: Sequence[Row]) -> list[dict[str, Any]]:
    table = facts.catalogue.table(elements.table)
    event, key = table.c[elements.event], sa.cast(table.c[elements.key], sa.Text)
    origins = [event.type.python_type(one) if _numbered(event) else one for one in _origins(rows)]
    statement = sa.select(event, key, *_columns(facts, elements.word, elements.fields)).where(event.in_(origins))
    found = {f"{row[0]}/{row[1]}": _values(elements.fields, tuple(row)[2:]) for row in connection.execute(statement)}
    return [{elements.word: dict(found.get(row["occasion"], {}))} for row in rows]


def _numbered(column: sa.ColumnElement[Any]) -> bool:
    return isinstance(column.type, sa.BigInteger)


def _entries(
    connection: sa.Connection, facts: Facts, met: PersonalList, rows: Sequence[Row], events: Mapping[str, Values]
) -> list[dict[str, Any]]:
    table, catalogue = facts.catalogue.table(met.table), facts.catalogue
    who, item = table.c[met.customer], table.c[met.item]
    ids = [int(row["customer_id"]) if catalogue.customers.numbered else row["customer_id"] for row in rows]
    items = {str(event[met.item]) for event in events.values() if event.get(met.item) is not None}
    statement = sa.select(who, item, *_columns(facts, met.word, met.fields)).where(who.in_(ids), item.in_(items))
    found = {(str(row[0]), row[1]): _values(met.fields, tuple(row)[2:]) for row in connection.execute(statement)}
    return [
        {met.word: dict(found.get((row["customer_id"], events.get(row["event_id"] or "", {}).get(met.item)), {}))}
        for row in rows
    ]


def _records(connection: sa.Connection, facts: Facts, record: Record, keys: Collection[str]) -> dict[str, Values]:
    table = facts.catalogue.table(record.table)
    key = table.c[record.key]
    wanted = [int(one) for one in keys] if _numbered(key) else list(keys)
    statement = sa.select(key, *_columns(facts, record.name, record.fields)).where(key.in_(wanted))
    return {str(row[0]): _values(record.fields, tuple(row)[1:]) for row in connection.execute(statement)}


def _collected(connection: sa.Connection, facts: Facts, event: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The events of each run in order: the one that began it, and those that joined it while it collected."""
    joined = enrolments.alias("joined")
    same = (
        joined.c.playbook == enrolments.c.playbook,
        joined.c.customer_id == enrolments.c.customer_id,
        joined.c.state == "collected",
        joined.c.joins == enrolments.c.occasion,
    )
    statement = (
        sa.select(enrolments.c.id, joined.c.event_id)
        .join(joined, sa.and_(*same))
        .where(enrolments.c.id.in_([row["id"] for row in rows]))
        .order_by(joined.c.fired_at, joined.c.id)
    )
    ids: dict[int, list[str]] = {row["id"]: [row["event_id"]] for row in rows}
    for run, one in connection.execute(statement):
        ids[run].append(one)
    known = facts.events(connection, event, {one for many in ids.values() for one in many[-LISTED:]})
    return [
        {
            EVENTS: {
                "count": len(ids[row["id"]]),
                "list": [known[one] for one in ids[row["id"]][-LISTED:] if one in known],
            }
        }
        for row in rows
    ]
