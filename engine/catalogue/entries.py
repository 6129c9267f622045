"""The entries of the catalogue: types, fields, metrics, tables, events, records, lists and recommendations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import sqlalchemy as sa

from engine.clocks.times import Length
from engine.store.types import Instant, IsoInstant, Key, SecondsInstant


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
#: How the store keeps an instant, by the catalogue's word for it.
INSTANTS: Mapping[Stored, Any] = {"native": Instant(), "iso": IsoInstant(), "seconds": SecondsInstant()}


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
    never_negative: bool = False  # so that a condition on less than nothing can be told

    @property
    def column_type(self) -> Any:
        """The SQLAlchemy type of the stored value."""
        return INSTANTS[self.stored] if self.type is Type.TIME else _COLUMN_TYPES[self.type]


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
