"""Gathers what is known of a customer: every row that an erase would find, and what the shop's own tables say."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.answers.why import Line, Why
from engine.catalogue import Catalogue, Event, Type
from engine.erase import TABLES, Anonymised, Deleted, Person
from engine.export.cells import Types
from engine.facts import plain
from engine.shop import Shop
from engine.store.contents import contents
from engine.store.customers import metadata, suppressions
from engine.store.ledger import enrolments, outbox
from engine.store.many import among
from engine.store.types import Instant

Row = Mapping[str, Any]
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
#: Told as messages, with their texts.
_TOLD_ELSEWHERE = ("contents", "outbox", "attempts")
#: Columns of the engine's tables that are amounts in minor units.
_MONEY: Final[Mapping[str, frozenset[str]]] = {
    "customers": frozenset({"lifetime_spend"}),
    "orders": frozenset({"total"}),
    "order_lines": frozenset({"amount"}),
    "subscriptions": frozenset({"amount"}),
    "vouchers": frozenset({"worth", "minimum"}),
}


@dataclass(frozen=True)
class Known:
    """What is known of a customer, by topic; every value as JSON has it."""

    person: Person
    at: datetime
    brand: str
    zone: ZoneInfo
    currency: str
    types: Mapping[str, Types]  # by topic: `customer`, a table, or `events-NAME`
    fields: Row  # as conditions see them, what is counted among them
    events: Mapping[str, Sequence[Row]]  # of the shop's own tables
    tables: Mapping[str, Sequence[Row]]  # rows of the engine's tables
    messages: Sequence[Row]
    reasons: Mapping[str, Sequence[str]]  # playbook -> why the customer is or was in it
    letters: Mapping[str, bytes]  # name -> a mail as it left


def known(shop: Shop, connection: sa.Connection, person: Person, now: datetime) -> Known:
    """Everything that is known of a customer."""
    found = shop.facts.customers(connection, [person.id], shop.catalogue.fields.values(), now).get(person.id, {})
    return Known(
        person=person,
        at=now,
        brand=shop.settings.brand.name,
        zone=shop.settings.zone,
        currency=shop.settings.currency,
        types=dict(_types(shop.catalogue)),
        fields={name: as_json(value) for name, value in found.items()},
        events=_events(shop, connection, person, now) if person.elsewhere is not None else {},
        tables={name: rows for name, rows in _tables(connection, person) if rows and name not in _TOLD_ELSEWHERE},
        messages=_messages(connection, person),
        reasons=_reasons(shop, connection, person, now),
        letters=_letters(connection, person),
    )


def _types(catalogue: Catalogue) -> Iterator[tuple[str, Types]]:
    for table in metadata.sorted_tables:
        money = _MONEY.get(table.name, frozenset())
        times = {column.name: Type.TIME for column in table.columns if isinstance(column.type, Instant)}
        yield table.name, {**times, **dict.fromkeys(money, Type.MONEY)}
    yield "customer", {name: field.type for name, field in catalogue.fields.items()}
    for name, event in catalogue.events.items():
        yield f"events-{name}", dict(_of_event(event))


def _of_event(event: Event) -> Iterator[tuple[str, Type]]:
    """The types of an event's fields, by their names and as the engine's own table of events names them."""
    yield "at", Type.TIME
    for name, field in event.fields.items():
        yield name, field.type
        if field.column is not None and field.column.member is not None:
            yield field.column.member, field.type


def _tables(connection: sa.Connection, person: Person) -> Iterator[tuple[str, list[Row]]]:
    for name, rule in TABLES.items():
        table = metadata.tables[name]
        if isinstance(rule, (Deleted, Anonymised)):
            yield name, _rows(connection, table, rule.where, person)
    held_back = among(connection, suppressions.c.address, {address for _, address in person.addresses})
    channels = suppressions.c.channel.in_(sorted({channel for channel, _ in person.addresses}))
    yield suppressions.name, _rows(connection, suppressions, sa.and_(channels, held_back), person)


def _rows(connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool], person: Person) -> list[Row]:
    statement = sa.select(table).where(where).order_by(*table.primary_key)
    found = connection.execute(statement, {"who": person.id}).mappings()
    return [{name: as_json(value) for name, value in row.items()} for row in found]


def _events(shop: Shop, connection: sa.Connection, person: Person, now: datetime) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for name, event in shop.catalogue.events.items():
        if event.about == "customer":
            happened = shop.facts.happened(connection, name, [person.id], _BEGINNING, now).get(person.id, [])
            found[name] = [
                {"at": as_json(at), "id": key, **{field: as_json(value) for field, value in fields.items()}}
                for at, fields, key in happened
            ]
    return {name: rows for name, rows in found.items() if rows}


def _messages(connection: sa.Connection, person: Person) -> list[Row]:
    """What was said to the customer, each with its attempts and its text, where that is still there."""
    texts = {row.message_id: row.content for row in _contents(connection, person)}
    tried: dict[Any, list[Row]] = {}
    rule = TABLES["attempts"]
    for row in _rows(connection, metadata.tables["attempts"], rule.where, person):  # type: ignore[union-attr]
        tried.setdefault(row["message_id"], []).append(row)
    rows = _rows(connection, outbox, outbox.c.customer_id == sa.bindparam("who"), person)
    return [
        {**row, "tries": tried.get(row["id"], []), "text": _text(texts[row["id"]]) if row["id"] in texts else None}
        for row in rows
    ]


def _contents(connection: sa.Connection, person: Person) -> Sequence[Any]:
    mine = sa.select(outbox.c.id).where(outbox.c.customer_id == person.id)
    return connection.execute(sa.select(contents).where(contents.c.message_id.in_(mine))).all()


def _letters(connection: sa.Connection, person: Person) -> dict[str, bytes]:
    mine = sa.select(outbox.c.id).where(outbox.c.customer_id == person.id, outbox.c.channel == "email")
    mails = set(connection.scalars(mine))
    return {f"{row.message_id}.eml": row.content for row in _contents(connection, person) if row.message_id in mails}


def _text(content: bytes) -> str:
    """What people read of a content: of a mail its text part, of everything else all of it."""
    if b"\nMIME-Version:" in content or content.startswith(b"MIME-Version:"):
        mail = message_from_bytes(content, policy=policy.default)
        part = mail.get_body(("plain", "html"))
        return f"{mail['Subject']}\n\n{part.get_content() if part is not None else ''}"
    return content.decode("utf-8", "replace")


def _reasons(shop: Shop, connection: sa.Connection, person: Person, now: datetime) -> dict[str, list[str]]:
    was_in = sa.select(enrolments.c.playbook).where(enrolments.c.customer_id == person.id).distinct()
    today = shop.workspace.playbooks
    playbooks = [today[name] for name in connection.scalars(was_in) if name in today]
    return {
        one.title or one.id: [_told(line) for line in Why(shop, one)(connection, person.id, now)]
        for one in sorted(playbooks, key=lambda one: one.id)
    }


def _told(line: Line) -> str:
    mark = {True: "yes", False: "no", None: ""}[line.holds]
    return "  " * line.depth + ": ".join(filter(None, (line.text, ", ".join(filter(None, (mark, line.value))))))


def as_json(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, (date, datetime)) else plain(value)
