"""What a kind of CSV file is: its columns, how a field of each is read, and the function that writes the rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.store.importing import values
from engine.store.ingest import Written
from engine.store.ingest.written import Row

#: The types of an event's fields, by the words of the catalogue: event -> field -> `money`.
FieldTypes = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Reading:
    """What the reader of a file must know: decimals of the currency, the shop's time zone, the time, the events.

    Without `events` (and `goods_events`, those about products), any column of such a file is taken as a text, and
    `total` as an amount.
    """

    exponent: int
    zone: ZoneInfo
    now: datetime
    events: FieldTypes | None = None
    goods_events: FieldTypes | None = None
    prefix: str | None = None  # of the country, for numbers that have none

    def of(self, kind: "Kind") -> FieldTypes | None:
        """The events that a file of that kind may hold."""
        return self.goods_events if kind.about_goods else self.events


Read = Callable[[str, Reading], Any]
#: Reads what takes several columns together.
ReadWhole = Callable[[Row, Reading], dict[str, Any]]


@dataclass(frozen=True)
class Column:
    """A column of a file: its name there, where its value goes, and what stands for an empty field."""

    name: str
    into: str
    read: Read
    required: bool = False
    empty: Any = None
    leave_out: bool = False  # an empty field leaves what the store has, or its default

    @property
    def holds(self) -> str:
        """What may stand in it, in words for people: the first sentence of what reads it."""
        sentence = " ".join((self.read.__doc__ or "").split()).split(". ")[0].rstrip(".")
        return f"{sentence}; empty is `{self.empty}`" if self.empty else sentence


@dataclass(frozen=True)
class Kind:
    """A kind of file: its columns, the columns that identify a row, and the function that writes its rows."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    put: Callable[[sa.Connection, Sequence[Row], datetime], Written]
    payload: bool = False  # further columns are fields of events
    about_goods: bool = False  # events that happen to a product and to no customer
    read_whole: ReadWhole | None = None
    by_name: Mapping[str, Column] = field(init=False)
    supplied: Mapping[str, Any] = field(init=False)  # what identifies a row also in a file without its column

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})
        supplied = {one.into: one.empty for one in self.columns if one.into in self.key and not one.required}
        object.__setattr__(self, "supplied", supplied)


def text_field(text: str, _: Reading) -> str:
    """A text."""
    return values.text(text)


def key_field(text: str, _: Reading) -> str:
    """An id, a code or another short text."""
    return values.key(text)


def day_field(text: str, _: Reading) -> date:
    """A date, `2026-03-01`."""
    return values.day(text)


def birthday_field(text: str, reading: Reading) -> date:
    """A date that is not to come, `1990-05-14`."""
    born = values.day(text)
    if born > reading.now.date():
        raise ValueError(f"{born} lies in the future")
    return born


def instant_field(text: str, reading: Reading) -> datetime:
    """A time: `2026-03-01 12:30` on the shop's clocks, or with its zone, `2026-03-01T12:30:00Z`."""
    return values.instant(text, reading.zone)


def consent_field(text: str, reading: Reading) -> bool | datetime:
    """Yes, no, or the time at which it was given."""
    given = values.consent(text, reading.zone)
    if isinstance(given, datetime) and given > reading.now:
        raise ValueError(f"`{text}` lies in the future")
    return given


def money_field(text: str, reading: Reading) -> int:
    """An amount in the currency's main unit, `12.50`."""
    return values.amount(text, reading.exponent)


def total_field(text: str, reading: Reading) -> int:
    """An amount in the currency's main unit, `12.50`, not below 0."""
    return values.not_negative(money_field(text, reading))


def whole_field(text: str, _: Reading) -> int:
    """A whole number, not below 0."""
    return values.not_negative(values.whole(text))


def one_of_field(*words: str) -> Read:
    """One of these words."""

    def read(text: str, _: Reading) -> str:
        found = text.strip().lower()
        if found not in words:
            raise ValueError(f"`{text}` is none of  {', '.join(words)}")
        return found

    read.__doc__ = f"One of {', '.join(f'`{word}`' for word in words)}."
    return read


def plain_field(read: Callable[[str], Any]) -> Read:
    """A reader that needs nothing of the shop."""

    def read_field(text: str, _: Reading) -> Any:
        return read(text)

    read_field.__doc__ = read.__doc__
    return read_field
