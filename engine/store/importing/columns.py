"""Which columns a file of each kind may have, and how a row of it becomes a row of the store."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.store.importing import values
from engine.store.ingest import Written, put_customers, put_events, put_order_lines, put_orders
from engine.store.ingest.events import ORDER_EVENTS
from engine.store.ingest.written import Row
from engine.store.types import to_microseconds

#: The types of an event's fields, by the words of the catalogue: event -> field -> `money`.
FieldTypes = Mapping[str, Mapping[str, str]]

_ORDER_FIELDS = {"total": "money", "order_id": "text"}


@dataclass(frozen=True)
class Reading:
    """What the reader of a file must know: decimals of the currency, the shop's time zone, the time, the events.

    Without `events`, any column of an events file is taken as a text, and `total` as an amount.
    """

    exponent: int
    zone: ZoneInfo
    now: datetime
    events: FieldTypes | None = None


Read = Callable[[str, Reading], Any]


@dataclass(frozen=True)
class Column:
    """A column of a file: its name there, where its value goes, and what stands for an empty field."""

    name: str
    into: str
    read: Read
    required: bool = False
    empty: Any = None
    leave_out: bool = False  # an empty field leaves what the store has, or its default


@dataclass(frozen=True)
class Kind:
    """A kind of file: its columns, the columns that identify a row, and the function that writes its rows."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    put: Callable[[sa.Connection, Sequence[Row], datetime], Written]
    payload: bool = False  # further columns are fields of events
    by_name: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})


def _text(text: str, _: Reading) -> str:
    return values.text(text)


def _key(text: str, _: Reading) -> str:
    return values.key(text)


def _day(text: str, _: Reading) -> date:
    return values.day(text)


def _birthday(text: str, reading: Reading) -> date:
    born = values.day(text)
    if born > reading.now.date():
        raise ValueError(f"{born} lies in the future")
    return born


def _instant(text: str, reading: Reading) -> datetime:
    return values.instant(text, reading.zone)


def _consent(text: str, reading: Reading) -> bool | datetime:
    given = values.consent(text, reading.zone)
    if isinstance(given, datetime) and given > reading.now:
        raise ValueError(f"`{text}` lies in the future")
    return given


def _money(text: str, reading: Reading) -> int:
    return values.amount(text, reading.exponent)


def _total(text: str, reading: Reading) -> int:
    return values.not_negative(_money(text, reading))


def _whole(text: str, _: Reading) -> int:
    return values.not_negative(values.whole(text))


def _plain(read: Callable[[str], Any]) -> Read:
    return lambda text, _: read(text)


_CUSTOMERS = Kind(
    "customers",
    (
        Column("id", "id", _key, required=True),
        Column("email", "email", _plain(values.address)),
        Column("phone", "phone", _plain(values.phone)),
        Column("first_name", "first_name", _text),
        Column("last_name", "last_name", _text),
        Column("language", "language", _plain(values.language)),
        Column("country", "country", _plain(values.country)),
        Column("timezone", "timezone", _plain(values.zone), empty=""),
        Column("birthday", "birthday", _birthday),
        Column("member_since", "member_since", _day),
        Column("member_until", "member_until", _day),
        Column("tier", "tier", _key),
        Column("account_manager", "account_manager", _text),
        Column("created_at", "created_at", _instant, leave_out=True),
        Column("tags", "tags", _plain(values.tags), leave_out=True),
        Column("email_consent", "email_consent", _consent, leave_out=True),
        Column("sms_consent", "sms_consent", _consent, leave_out=True),
    ),
    ("id",),
    put_customers,
)

_ORDERS = Kind(
    "orders",
    (
        Column("id", "id", _key, required=True),
        Column("customer", "customer_id", _key, required=True),
        Column("placed_at", "placed_at", _instant, required=True),
        Column("paid_at", "paid_at", _instant),
        Column("total", "total", _total, required=True),
    ),
    ("id",),
    put_orders,
)

_ORDER_LINES = Kind(
    "order_lines",
    (
        Column("order", "order_id", _key, required=True),
        Column("line", "line", _whole, required=True),
        Column("product", "product", _key, required=True),
        Column("category", "category", _key),
        Column("quantity", "quantity", _whole, required=True),
        Column("amount", "amount", _money, required=True),
    ),
    ("order_id", "line"),
    put_order_lines,
)

_EVENTS = Kind(
    "events",
    (
        Column("id", "id", _key, required=True),
        Column("event", "name", _key, required=True),
        Column("customer", "customer_id", _key, required=True),
        Column("at", "occurred_at", _instant, required=True),
    ),
    ("id",),
    put_events,
    payload=True,
)

KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in (_CUSTOMERS, _ORDERS, _ORDER_LINES, _EVENTS)}

#: How a field of an event is read, by the catalogue's word for its type. A condition reads a date as ISO 8601 text and a time as
#: microseconds since 1970.
_PAYLOAD: Mapping[str, Read] = {
    "text": _text,
    "choice": _text,
    "number": _plain(values.number),
    "money": _money,
    "yes_no": _plain(values.yes_no),
    "date": lambda text, _: values.day(text).isoformat(),
    "time": lambda text, reading: to_microseconds(values.instant(text, reading.zone)),
    "tags": lambda text, _: list(values.tags(text)),
}


class FieldError(ValueError):
    """One field of a row is not as it must be."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def read_row(
    kind: Kind, header: Sequence[str], fields: Sequence[str], reading: Reading
) -> tuple[dict[str, Any], list[str]]:
    """A row for the store, and what was left out of it. Raises `FieldError`."""
    if len(fields) != len(header):
        raise FieldError("", f"the row has {len(fields)} fields, the first line has {len(header)} columns")
    row: dict[str, Any] = {}
    warnings: list[str] = []
    for name, text in zip(header, fields, strict=True):
        column = kind.by_name.get(name)
        if column is None:
            continue
        try:
            if text and not text.isspace():
                row[column.into] = column.read(text, reading)
            else:
                _leave_empty(column, row)
        except values.Doubt as doubt:
            warnings.append(f"{name}: {doubt}")
            _leave_empty(column, row)
        except ValueError as error:
            raise FieldError(name, str(error)) from None
    if kind.payload:
        row["payload"] = _payload(kind, row["name"], zip(header, fields, strict=True), reading)
    return row, warnings


def _leave_empty(column: Column, row: dict[str, Any]) -> None:
    if column.required:
        raise ValueError("is empty")
    if not column.leave_out:
        row[column.into] = column.empty


def field_types(reading: Reading, event: str) -> Mapping[str, str] | None:
    """The fields of an event and their types; None where any field is allowed."""
    if event in ORDER_EVENTS:
        return _ORDER_FIELDS
    return None if reading.events is None else reading.events.get(event, {})


def _payload(kind: Kind, event: str, pairs: Any, reading: Reading) -> dict[str, Any]:
    if reading.events is not None and event not in reading.events and event not in ORDER_EVENTS:
        raise FieldError("event", f"`{event}` is not an event of the catalogue")
    types = field_types(reading, event)
    payload: dict[str, Any] = {}
    for name, text in pairs:
        if name in kind.by_name or not text.strip():
            continue
        if types is not None and name not in types:
            raise FieldError(name, f"`{event}` has no field `{name}`")
        word = ("money" if name == "total" else "text") if types is None else types[name]
        try:
            payload[name] = _PAYLOAD[word](text, reading)
        except ValueError as error:
            raise FieldError(name, str(error)) from None
    return payload
