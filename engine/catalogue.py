"""The catalogue: what a condition may mention, of which type it is, and where the store keeps it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

import sqlalchemy as sa

from engine.store.types import Document, Instant, IsoInstant, Key, SecondsInstant
from engine.times import Length


class Type(StrEnum):
    """The types of the language; the value is the word that the catalogue uses for it."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    MONEY = "money"  # whole minor units inside, the currency's main unit in conditions and texts
    YES_NO = "yes_no"
    DATE = "date"
    TIME = "time"
    TAGS = "tags"


Stored = Literal["native", "iso", "seconds"]

_COLUMN_TYPES: Mapping[Type, Any] = {
    Type.TEXT: Key,
    Type.CHOICE: Key,
    Type.NUMBER: sa.Numeric(asdecimal=False),
    Type.MONEY: sa.BigInteger(),
    Type.YES_NO: sa.Boolean(),
    Type.DATE: sa.Date(),
    Type.TAGS: Key,
}
_INSTANTS: Mapping[Stored, Any] = {"native": Instant(), "iso": IsoInstant(), "seconds": SecondsInstant()}


@dataclass(frozen=True)
class Column:
    """A column of a table, or a member of the JSON document that the column holds."""

    table: str
    name: str
    member: str | None = None


@dataclass(frozen=True)
class Metric:
    """An aggregate over the rows of one table that belong to a customer, within a window of time that ends `ending` ago."""

    aggregate: Literal["count", "sum", "average", "min", "max"]
    table: str
    column: str | None  # None for count
    over: Length
    ending: Length | None = None


@dataclass(frozen=True)
class Field:
    """A word of the language, `customer.tier` or `event.total`, with its type and its source (one of column, metric)."""

    name: str
    type: Type
    column: Column | None = None
    metric: Metric | None = None
    choices: tuple[str, ...] = ()
    required: bool = False  # never missing in the store, so a negative test cannot surprise
    fold: bool = False  # compared without case: the column holds NFC, casefolded text
    stored: Stored = "native"

    @property
    def column_type(self) -> Any:
        """The SQLAlchemy type of the stored value."""
        return _INSTANTS[self.stored] if self.type is Type.TIME else _COLUMN_TYPES[self.type]


@dataclass(frozen=True)
class Table:
    """A table that the language reads beside the customers: how its rows name their customer, themselves and their time."""

    name: str
    customer: str  # column with the customer's id
    key: str = "id"
    time: str | None = None
    position: str | None = None  # column with the number of the transaction that wrote the row, where there is one
    numbered: bool = False  # whether `key` is a number; the engine keeps every key as text
    stored: Stored = "native"  # how its times are kept


@dataclass(frozen=True)
class Event:
    """An event of the language: rows of `table` (those whose `only` columns have the values), its fields as `event.*`."""

    name: str
    table: str
    time: str
    only: tuple[tuple[str, str], ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True)
class Catalogue:
    """Everything that conditions may mention. Names are without their scope: `tier`, not `customer.tier`."""

    customers: Table
    fields: Mapping[str, Field]
    events: Mapping[str, Event]
    tables: Mapping[str, Table]
    timezone: str | None = None  # the customers' column with their IANA zone, '' or NULL is the brand's
    language: str | None = None  # their column with a language tag

    def as_text(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """A customer's id, read from the store, as the engine keeps it."""
        return sa.cast(column, sa.Text) if self.customers.numbered else column

    def as_key(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """A customer's id as the engine keeps it, for a comparison with the store's column that can use its index."""
        return sa.cast(text, sa.BigInteger) if self.customers.numbered else text

    @property
    def key_bounds(self) -> tuple[Any, Any]:
        """Below and above every key that a customer can have."""
        return (-(2**62), 2**62) if self.customers.numbered else ("", "\U0010ffff" * 4)

    @property
    def customer_key(self) -> sa.ColumnElement[Any]:
        """The customers' own key, as the store has it."""
        return self.table(self.customers.name).c[self.customers.key]

    def only(self, event: Event) -> list[sa.ColumnElement[bool]]:
        """Which rows of its table are the event."""
        table = self.table(event.table)
        return [table.c[column] == sa.literal(value) for column, value in event.only]

    def table(self, name: str) -> sa.TableClause:
        """The named table with every column that the catalogue knows of it, for building statements."""
        return self._clauses[name]

    @cached_property
    def _clauses(self) -> dict[str, sa.TableClause]:
        return _build(self)


def _build(catalogue: Catalogue) -> dict[str, sa.TableClause]:
    columns: dict[str, dict[str, Any]] = {catalogue.customers.name: {}}
    for table, column, kind in (*_of_tables(catalogue), *_of_fields(catalogue), *_of_events(catalogue)):
        if column is not None:
            columns.setdefault(table, {}).setdefault(column, kind)
    return {
        name: sa.table(name, *(sa.column(column, kind) for column, kind in known.items()))
        for name, known in columns.items()
    }


#: A table, a column of it where there is one, and its type.
_Known = Iterator[tuple[str, str | None, Any]]


def _of_tables(catalogue: Catalogue) -> _Known:
    customer_type = sa.BigInteger() if catalogue.customers.numbered else Key
    for spec in (catalogue.customers, *catalogue.tables.values()):
        yield spec.name, spec.key, sa.BigInteger() if spec.numbered else Key
        yield spec.name, spec.customer, customer_type
        yield spec.name, spec.time, _INSTANTS[spec.stored]
        yield spec.name, spec.position, sa.BigInteger()
    yield catalogue.customers.name, catalogue.timezone, Key
    yield catalogue.customers.name, catalogue.language, Key


def _of_fields(catalogue: Catalogue) -> _Known:
    for one in _all_fields(catalogue):
        if one.column is not None:
            yield one.column.table, one.column.name, Document if one.column.member else one.column_type
        if one.metric is not None:
            yield one.metric.table, one.metric.column, sa.BigInteger()


def _of_events(catalogue: Catalogue) -> _Known:
    for event in catalogue.events.values():
        if event.table in catalogue.tables:
            yield event.table, event.time, _INSTANTS[catalogue.tables[event.table].stored]
        for column, _ in event.only:
            yield event.table, column, Key


def _all_fields(catalogue: Catalogue) -> list[Field]:
    return [
        *catalogue.fields.values(),
        *(one for event in catalogue.events.values() for one in event.fields.values()),
    ]


#: What a result shows, by its kind: of a voucher kept `as: gift`, `gift.code`, `gift.expires_at` … An awaited event that
#: is kept shows its own fields.
RESULTS: Mapping[str, Mapping[str, Field]] = {
    "voucher": {
        "code": Field("code", Type.TEXT, required=True),
        "kind": Field("kind", Type.TEXT, required=True),
        "state": Field("state", Type.CHOICE, choices=("issued", "redeemed", "lapsed"), required=True),
        "issued_at": Field("issued_at", Type.TIME, required=True),
        "expires_at": Field("expires_at", Type.TIME),
        "redeemed_at": Field("redeemed_at", Type.TIME),
    },
    "task": {
        "assignee": Field("assignee", Type.TEXT),
        "created_at": Field("created_at", Type.TIME, required=True),
        "due_at": Field("due_at", Type.TIME),
        "done_at": Field("done_at", Type.TIME),
    },
}
