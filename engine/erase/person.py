"""Erases one customer in one transaction: a program that is killed meanwhile has erased nothing, or everything."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.answers.whom import find_customer
from engine.erase.tables import ERASED, TABLES, Anonymised, Deleted, Nobodys, Rule, emptied
from engine.failpoints import reach
from engine.outgoing.sight import address_of
from engine.shop import Shop
from engine.store.customers import customers, metadata, suppressions
from engine.store.dialect import lock_customers, next_position
from engine.store.erasures import NOBODY, erasures
from engine.store.ingest.touched import touch_sharing
from engine.store.many import among, write
from engine.store.sealed import CUSTOMER, Address, erased_among, folded, keys_of

_CHANNELS = {"email": "email", "sms": "phone", "chat": "chat"}
_SHARED = ("company", "household")


class CannotSeal(Exception):
    """The store was not told a secret: the addresses could not be known again."""


@dataclass(frozen=True)
class Person:
    """A customer about to be erased: the id, and where messages went."""

    id: str
    addresses: tuple[Address, ...]
    elsewhere: str | None  # the shop's own table with the customer's row, which is the shop's to erase


@dataclass(frozen=True)
class Erased:
    """What was erased: rows by table."""

    number: int
    counts: Mapping[str, int]


def find_person(shop: Shop, connection: sa.Connection, customer: str) -> Person:
    """The customer with that id or address. Raises `UnknownCustomer`, also where several have the address."""
    return person_with(shop, connection, find_customer(shop, connection, customer))


def person_with(shop: Shop, connection: sa.Connection, id_: str) -> Person:
    """Whoever has that id, without an address where there is no such customer."""
    catalogue = shop.catalogue
    fields = [catalogue.fields[name] for name in _CHANNELS.values() if name in catalogue.fields]
    now = datetime.fromisoformat("2000-01-01T00:00:00+00:00")  # no field of an address is reckoned from the time
    row = shop.facts.customers(connection, [id_], fields, now).get(id_, {})
    return Person(id_, tuple(dict.fromkeys(_addresses(shop, row))), _elsewhere(shop))


def find_remains(shop: Shop, connection: sa.Connection, customer: str) -> Person | None:
    """Who had that id and was erased, where others wrote rows of that id since: they had begun before."""
    person = Person(customer, (), _elsewhere(shop))
    erased = erased_among(connection, [(CUSTOMER, customer)])
    return person if erased and any(in_numbers(connection, person).values()) else None


def _elsewhere(shop: Shop) -> str | None:
    name = shop.catalogue.customers.name
    return name if name != customers.name else None


def _addresses(shop: Shop, customer: Mapping[str, Any]) -> Iterator[Address]:
    """Each address as the last look will see it, and as it is written."""
    for channel, name in _CHANNELS.items():
        seen = address_of(shop.settings, {"channel": channel}, customer)
        for text in (seen, customer.get(name)):
            if text:
                yield channel, folded(channel, str(text))


def in_numbers(connection: sa.Connection, person: Person) -> dict[str, int]:
    """How many rows an erase would touch, by table."""
    found = {}
    for name, rule in TABLES.items():
        where = _where(connection, rule, person)
        if where is not None:
            counted = sa.select(sa.func.count()).select_from(metadata.tables[name]).where(where)
            found[name] = int(connection.execute(counted, {"who": person.id}).scalar_one())
    return found


def erase(connection: sa.Connection, person: Person, now: datetime) -> Erased:
    """Erases the customer from every table and seals the addresses, so that no file of earlier days brings him back.

    Raises `CannotSeal`. All of it is done in the transaction of the connection.
    """
    if not keys_of(connection):
        raise CannotSeal
    counts = _empty(connection, person, now)
    _seal(connection, person, now)
    number = connection.execute(sa.insert(erasures).values(at=now, counts=counts).returning(erasures.c.id)).scalar_one()
    return Erased(int(number), counts)


def erase_again(connection: sa.Connection, person: Person, before: Erased, now: datetime) -> Erased:
    """Erases what was written since; it is told as part of the same erasure."""
    counts = _empty(connection, person, now)
    if not counts:
        return before
    _seal(connection, person, now)
    both = {name: before.counts.get(name, 0) + counts.get(name, 0) for name in TABLES}
    done = replace(before, counts={name: count for name, count in both.items() if count})
    connection.execute(sa.update(erasures).where(erasures.c.id == before.number).values(counts=done.counts))
    return done


def _empty(connection: sa.Connection, person: Person, now: datetime) -> dict[str, int]:
    """Empties every table of the person; how many rows of each were deleted or emptied."""
    lock_customers(connection, [person.id])
    _touch_others(connection, person)
    counts: dict[str, int] = {}
    params = {"who": person.id, "nobody": f"{NOBODY}{secrets.token_hex(8)}", "moment": now}
    for name, rule in TABLES.items():
        where, table = _where(connection, rule, person), metadata.tables[name]
        if where is None:
            continue
        statement = _statement(table, rule, where)
        bound = {bind: params[bind] for bind in statement.compile(dialect=connection.dialect).params if bind in params}
        done = connection.execute(statement, bound)
        if done.rowcount:
            counts[name] = done.rowcount
        reach("erase.half")
    return counts


def _where(connection: sa.Connection, rule: Rule, person: Person) -> sa.ColumnElement[bool] | None:
    if isinstance(rule, (Deleted, Anonymised)):
        return rule.where
    if isinstance(rule, Nobodys):
        return None
    channels = sorted({channel for channel, _ in person.addresses})
    mine = among(connection, suppressions.c.address, {address for _, address in person.addresses})
    return sa.and_(suppressions.c.channel.in_(channels), mine)


def _statement(table: sa.Table, rule: Rule, where: sa.ColumnElement[bool]) -> Any:
    if isinstance(rule, Anonymised):
        return sa.update(table).where(where).values(emptied(table, rule))
    return sa.delete(table).where(where)


def _seal(connection: sa.Connection, person: Person, now: datetime) -> None:
    keys = keys_of(connection)
    rows = [
        {"channel": channel, "address": keys[-1].seal(channel, address), "reason": ERASED, "at": now}
        for channel, address in ((CUSTOMER, person.id), *person.addresses)
    ]
    write(connection, suppressions, list({(row["channel"], row["address"]): row for row in rows}.values()))


def _touch_others(connection: sa.Connection, person: Person) -> None:
    """For the others of a company or a household, what is counted across it changes."""
    columns = [customers.c[name] for name in _SHARED]
    row = connection.execute(sa.select(*columns).where(customers.c.id == person.id)).first()
    shared = [(name, value) for name, value in zip(_SHARED, row or (), strict=False) if value]
    if shared:
        touch_sharing(connection, shared, next_position(connection))
