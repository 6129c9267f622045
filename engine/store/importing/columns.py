"""How a row of a CSV file becomes a row of the store, column by column."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.store.importing import values
from engine.store.importing.kind import Column, Kind, Read, Reading
from engine.store.ingest.events import ORDER_EVENTS
from engine.store.types import to_microseconds

_ORDER_FIELDS = {"total": "money", "order_id": "text"}

#: How a field of an event is read, by the catalogue's word for its type. A condition reads a date as ISO 8601 text and a time as
#: microseconds since 1970.
PAYLOAD: Mapping[str, Read] = {
    "text": lambda text, _: values.text(text),
    "choice": lambda text, _: values.text(text),
    "number": lambda text, _: values.number(text),
    "money": lambda text, reading: values.amount(text, reading.exponent),
    "yes_no": lambda text, _: values.yes_no(text),
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
    row: dict[str, Any] = dict(kind.supplied)
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
    if kind.read_whole is not None:
        row = kind.read_whole(row, reading)
    return row, warnings


def _leave_empty(column: Column, row: dict[str, Any]) -> None:
    if column.required:
        raise ValueError("is empty")
    if not column.leave_out:
        row[column.into] = column.empty


def field_types(kind: Kind, reading: Reading, event: str) -> Mapping[str, str] | None:
    """The fields of an event and their types; None where any field is allowed."""
    if event in ORDER_EVENTS:
        return _ORDER_FIELDS
    known = reading.of(kind)
    return None if known is None else known.get(event, {})


def _payload(kind: Kind, event: str, pairs: Any, reading: Reading) -> dict[str, Any]:
    _check_event(kind, event, reading)
    types = field_types(kind, reading, event)
    payload: dict[str, Any] = {}
    for name, text in pairs:
        if name in kind.by_name or not text.strip():
            continue
        if types is not None and name not in types:
            raise FieldError(name, f"`{event}` has no field `{name}`")
        word = ("money" if name == "total" else "text") if types is None else types[name]
        try:
            payload[name] = PAYLOAD[word](text, reading)
        except ValueError as error:
            raise FieldError(name, str(error)) from None
    return payload


def _check_event(kind: Kind, event: str, reading: Reading) -> None:
    known = reading.of(kind)
    if known is None or event in known or (event in ORDER_EVENTS and not kind.about_goods):
        return
    others = reading.events if kind.about_goods else reading.goods_events
    if event in (others or {}) or event in ORDER_EVENTS:
        about, file = ("a customer", "events") if kind.about_goods else ("a product", "goods_events")
        raise FieldError("event", f"`{event}` happens to {about}; import it as  {file}")
    raise FieldError("event", f"`{event}` is not an event of the catalogue")
