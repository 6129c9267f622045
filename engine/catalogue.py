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
Aggregate = Literal["count", "sum", "average", "min", "max", "days_between", "share_of"]

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

    aggregate: Aggregate
    table: str
    column: str | None  # None for count
    over: Length | None  # None is all of the past
    ending: Length | None = None
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()  # columns, and the values that count
    member: str | None = None  # of the JSON document that the column holds
    time: str | None = None  # the column with the time, if not the table's own
    across: str | None = None  # a column of customers: the rows of all who share its value count
    part: tuple[tuple[str, tuple[str, ...]], ...] = ()  # of `share_of`: the rows whose share it is

    @property
    def always(self) -> bool:
        """Whether it has a value for everybody: the count or sum of nothing is zero."""
        return self.aggregate in ("count", "sum") and self.across is None


@dataclass(frozen=True)
class Field:
    """A word of the language, `customer.tier` or `event.total`, with its type and its source (one of column, metric)."""

    name: str
    type: Type
    column: Column | None = None
    metric: Metric | None = None
    choices: tuple[str, ...] = ()
    required: bool = False  # never missing in the store, so a negative test cannot surprise
    writable: bool = False  # whether a step may write it
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
    through: str | None = None  # the table whose rows these are parts of; customer and time are those of the row there
    by: str | None = None  # the column with the key of that row
    about: Literal["customer", "product"] = "customer"  # what `customer` names, where rows belong to no customer


@dataclass(frozen=True)
class Elements:
    """A list inside an event, `event.lines`: rows of `table` whose column `event` holds the event's key."""

    name: str
    word: str  # what one of them is called: `line.*`
    table: str
    event: str
    key: str  # the column that tells the elements of one event apart
    fields: Mapping[str, Field]


@dataclass(frozen=True)
class Event:
    """An event of the language: rows of `table` (those whose `only` columns have the values), its fields as `event.*`."""

    name: str
    table: str
    time: str
    only: tuple[tuple[str, str], ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    lists: Mapping[str, Elements] = field(default_factory=dict)
    about: Literal["customer", "product"] = "customer"


@dataclass(frozen=True)
class Record:
    """Something that a customer has, `reservation.*`: a row of `table`, whose column `key` names it."""

    name: str
    table: str
    key: str
    customer: str
    fields: Mapping[str, Field]
    position: str | None = None

    @property
    def dates(self) -> Mapping[str, Field]:
        """Its dates and times."""
        return {name: one for name, one in self.fields.items() if one.type in (Type.DATE, Type.TIME)}


@dataclass(frozen=True)
class PersonalList:
    """Which customers wait for which product; one entry is called `word`: `wish.*`."""

    name: str
    word: str
    table: str
    customer: str
    item: str
    fields: Mapping[str, Field]


@dataclass(frozen=True)
class Recommendation:
    """Products for texts, `customer.recommended`: what those bought who bought what the customer bought."""

    name: str
    table: str  # of what was bought
    column: str  # of it, with the product
    most: int
    products: str  # the table of products
    fields: Mapping[str, Field]


@dataclass(frozen=True)
class Catalogue:
    """Everything that conditions may mention. Names are without their scope: `tier`, not `customer.tier`."""

    customers: Table
    fields: Mapping[str, Field]
    events: Mapping[str, Event]
    tables: Mapping[str, Table]
    timezone: str | None = None  # the customers' column with their IANA zone, '' or NULL is the brand's
    language: str | None = None  # their column with a language tag
    records: Mapping[str, Record] = field(default_factory=dict)
    lists: Mapping[str, PersonalList] = field(default_factory=dict)
    recommendations: Mapping[str, Recommendation] = field(default_factory=dict)

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
        yield spec.name, spec.customer if spec.through is None else None, _owner_type(spec, customer_type)
        yield spec.name, spec.time if spec.through is None else None, _INSTANTS[spec.stored]
        yield spec.name, spec.by, _key_type(catalogue.tables.get(spec.through or ""))
        yield spec.name, spec.position, sa.BigInteger()
    yield catalogue.customers.name, catalogue.timezone, Key
    yield catalogue.customers.name, catalogue.language, Key


def _owner_type(spec: Table, customer_type: Any) -> Any:
    return customer_type if spec.about == "customer" else Key


def _key_type(spec: Table | None) -> Any:
    return sa.BigInteger() if spec is not None and spec.numbered else Key


def _of_fields(catalogue: Catalogue) -> _Known:
    for one in _all_fields(catalogue):
        if one.column is not None:
            yield one.column.table, one.column.name, Document if one.column.member else one.column_type
        if one.metric is not None:
            yield from _of_metric(one.metric, catalogue)


def _of_metric(metric: Metric, catalogue: Catalogue) -> _Known:
    yield metric.table, metric.column, Document if metric.member else sa.BigInteger()
    for column, _ in (*metric.only, *metric.part):
        yield metric.table, column, Key
    yield catalogue.customers.name, metric.across, Key


def _of_events(catalogue: Catalogue) -> _Known:
    for event in catalogue.events.values():
        if event.table in catalogue.tables:
            yield event.table, event.time, _INSTANTS[catalogue.tables[event.table].stored]
        for column, _ in event.only:
            yield event.table, column, Key
        for one in event.lists.values():
            yield one.table, one.event, _key_type(catalogue.tables.get(event.table))
            yield one.table, one.key, Key
    for entry in catalogue.lists.values():
        yield entry.table, entry.item, Key
    for found in catalogue.recommendations.values():
        yield found.table, found.column, Key
        yield found.products, "id", Key


def _all_fields(catalogue: Catalogue) -> list[Field]:
    events = catalogue.events.values()
    groups = (
        catalogue.fields,
        *(event.fields for event in events),
        *(elements.fields for event in events for elements in event.lists.values()),
        *(record.fields for record in catalogue.records.values()),
        *(one.fields for one in catalogue.lists.values()),
        *(one.fields for one in catalogue.recommendations.values()),
    )
    return [one for group in groups for one in group.values()]


#: What a result shows, by its kind: of a voucher kept `as: gift`, `gift.code`, `gift.expires_at` … An awaited event that
#: is kept shows its own fields.
RESULTS: Mapping[str, Mapping[str, Field]] = {
    "voucher": {
        "code": Field("code", Type.TEXT, required=True),
        "kind": Field("kind", Type.TEXT, required=True),
        "state": Field("state", Type.CHOICE, choices=("issued", "redeemed", "lapsed", "taken_back"), required=True),
        "issued_at": Field("issued_at", Type.TIME, required=True),
        "expires_at": Field("expires_at", Type.TIME),
        "redeemed_at": Field("redeemed_at", Type.TIME),
    },
    "points": {
        "amount": Field("amount", Type.NUMBER, required=True),
        "expires_at": Field("expires_at", Type.TIME),
        "balance": Field("balance", Type.NUMBER, required=True),  # what the customer has now
    },
    "task": {
        "assignee": Field("assignee", Type.TEXT),
        "created_at": Field("created_at", Type.TIME, required=True),
        "due_at": Field("due_at", Type.TIME),
        "done_at": Field("done_at", Type.TIME),
        "done_by": Field("done_by", Type.TEXT),
        "note": Field("note", Type.TEXT),
    },
}
#: What the mails to staff may say of a task or of a question, beside the customer, the event and the results.
TASK_WORDS: Mapping[str, Field] = {
    "name": Field("name", Type.TEXT, required=True),
    "assignee": Field("assignee", Type.TEXT),
    "due_at": Field("due_at", Type.TIME),
}
QUESTION_WORDS: Mapping[str, Field] = {
    "name": Field("name", Type.TEXT, required=True),
    "number": Field("number", Type.NUMBER, required=True),
    "until": Field("until", Type.TIME, required=True),
}
