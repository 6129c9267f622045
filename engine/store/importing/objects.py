"""How a JSON object becomes an event of the store: by the columns and the readers of a row of a CSV file, and as strictly."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Final

from engine.store.importing import values
from engine.store.importing.columns import PAYLOAD, FieldError, field_types
from engine.store.importing.kind import Column, Kind, Reading
from engine.store.importing.kinds import KINDS
from engine.store.ingest.events import ORDER_EVENTS

_EVENTS, _GOODS_EVENTS, _LINES = KINDS["events"], KINDS["goods_events"], KINDS["order_lines"]
_LINE_FIELDS = {"product": "text", "category": "text", "quantity": "number", "amount": "money"}
_MOST_LINES = 1_000
_MOST_TAGS = 100
_ZONED = re.compile(r"[T ]\d\d:\d\d.*(?:Z|[+-]\d\d:?\d\d)$", re.ASCII)
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 12


class ObjectError(FieldError):
    """One field of an object is not as it must be; `advice` says what to do."""

    def __init__(self, field: str, reason: str, advice: str) -> None:
        super().__init__(field, reason)
        self.advice = advice


def read_object(written: Mapping[str, Any], reading: Reading) -> tuple[Kind, dict[str, Any]]:
    """The kind of an event, and its row for the store. Numbers are texts that know they are (`str` of a class of their own).

    Raises `ObjectError`. A field that is null or empty is left out, as an empty field of a file is.
    """
    name = _text("event", written.get("event"), values.key)
    kind = _GOODS_EVENTS if name in (reading.goods_events or {}) else _EVENTS
    types = _types(kind, name, reading)
    row: dict[str, Any] = {
        column.into: _moment(column.name, written.get(column.name), reading)
        if column.name == "at"
        else _text(column.name, written.get(column.name), values.key)
        for column in kind.columns
    }
    row["payload"] = {}
    for field, value in written.items():
        if field in kind.by_name or value in (None, ""):
            continue
        if field == "lines" and name in ORDER_EVENTS:
            row["payload"]["lines"] = _lines(value, reading)
        elif field not in types:
            known = [column.name for column in kind.columns] + [*types, *(("lines",) * (name in ORDER_EVENTS))]
            raise ObjectError(field, f"`{name}` has no field `{field[:100]}`", _near(field, known, "fields"))
        else:
            row["payload"][field] = _value(field, types[field], value, reading)
    return kind, row


def _types(kind: Kind, name: str, reading: Reading) -> Mapping[str, str]:
    known = {**(reading.events or {}), **(reading.goods_events or {}), **dict.fromkeys(ORDER_EVENTS)}
    if name not in known:
        raise ObjectError("event", f"`{name}` is not an event of the catalogue", _near(name, known, "events"))
    return field_types(kind, reading, name) or {}


def _near(word: str, known: Iterable[str], named: str) -> str:
    words = sorted(known)
    found = get_close_matches(word[:100], words, 2, 0.75)
    shown = ", ".join(words[:_SHOWN]) + (" …" if len(words) > _SHOWN else "")
    return f"did you mean {' or '.join(f'`{one}`' for one in found)}?" if found else f"{named}: {shown}"


def _text(field: str, value: Any, read: Callable[[str], str]) -> str:
    if value in (None, ""):
        raise ObjectError(field, f"`{field}` is missing", f'write  "{field}": "…"')
    if type(value) is not str:
        raise ObjectError(field, f"{_shown(value)} is no text", "write it in double quotes")
    try:
        found = read(value)
    except ValueError as fault:
        raise ObjectError(field, f"`{field}` {fault}", "send it as one short line") from None
    if not found:
        raise ObjectError(field, f"`{field}` is empty", f'write  "{field}": "…"')
    return found


def _moment(field: str, value: Any, reading: Reading) -> datetime:
    """A time that says its zone: another system's clocks are not the shop's."""
    example = "write for example  2026-03-01T12:30:00Z  or  2026-03-01T12:30:00+01:00"
    text = _text(field, value, str.strip)
    try:
        found = values.instant(text, reading.zone)
    except ValueError:
        raise ObjectError(field, f"`{text[:40]}` is not a time", example) from None
    if not _ZONED.search(text):
        raise ObjectError(field, f"`{text[:40]}` does not say its time zone", example)
    if found < _FIRST:
        raise ObjectError(field, f"`{text[:40]}` lies before 1970", "look at the clock that made it")
    return found


#: For each type of a field: which values of JSON it takes, and what to write.
_FITS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "text": (lambda value: type(value) is str, "write a text in double quotes"),
    "choice": (lambda value: type(value) is str, "write a text in double quotes"),
    "number": (lambda value: isinstance(value, str) and type(value) is not str, "write a number without quotes"),
    "money": (lambda value: isinstance(value, str), 'write an amount in the main unit:  12.50  or  "12.50"'),
    "yes_no": (lambda value: isinstance(value, bool), "write  true  or  false"),
    "date": (lambda value: type(value) is str, 'write for example  "2026-03-01"'),
    "time": (lambda value: type(value) is str, 'write for example  "2026-03-01T12:30:00Z"'),
    "tags": (lambda value: isinstance(value, list), 'write a list of texts:  ["new", "gold"]'),
}


def _value(field: str, word: str, value: Any, reading: Reading) -> Any:
    _check_fit(field, word, value)
    if word == "tags":
        return _tags(field, value)
    if word == "time":
        _moment(field, value, reading)
    return _read(field, word, value, lambda text: PAYLOAD[word](text, reading))


def _check_fit(field: str, word: str, value: Any) -> None:
    fits, advice = _FITS[word]
    if not fits(value):
        raise ObjectError(field, f"{_shown(value)} is no {word.replace('_', ' or ')}", advice)


def _read(field: str, word: str, value: Any, read: Callable[[str], Any]) -> Any:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return read(text)
    except ValueError as fault:
        raise ObjectError(field, f"`{field}` {fault}".replace(f"`{field}` `", "`", 1), _FITS[word][1]) from None


def _tags(field: str, value: Any) -> list[str]:
    if len(value) > _MOST_TAGS:
        raise ObjectError(field, f"{len(value):,} tags are too many", f"send at most {_MOST_TAGS}")
    return list(dict.fromkeys(_text(f"{field}[{number}]", tag, values.key) for number, tag in enumerate(value)))


def _lines(written: Any, reading: Reading) -> list[dict[str, Any]]:
    if not isinstance(written, list) or len(written) > _MOST_LINES:
        advice = 'write for example  "lines": [{"product": "tea", "quantity": 2, "amount": 12.50}]'
        raise ObjectError("lines", f"`lines` is a list of at most {_MOST_LINES:,} objects", advice)
    return [_line(f"lines[{number}]", one, reading) for number, one in enumerate(written)]


def _line(at: str, written: Any, reading: Reading) -> dict[str, Any]:
    if not isinstance(written, dict):
        raise ObjectError(
            at, f"{_shown(written)} is no object", 'write for example  {"product": "tea", "amount": 12.50}'
        )
    unknown = [name for name in written if name not in _LINE_FIELDS]
    if unknown:
        reason = f"a line has no field `{unknown[0][:100]}`"
        raise ObjectError(f"{at}.{unknown[0][:100]}", reason, _near(unknown[0], _LINE_FIELDS, "fields"))
    _text(f"{at}.product", written.get("product"), values.key)
    given = {name: value for name, value in written.items() if value not in (None, "")}
    return {name: _of_line(f"{at}.{name}", _LINES.by_name[name], value, reading) for name, value in given.items()}


def _of_line(field: str, column: Column, value: Any, reading: Reading) -> Any:
    word = _LINE_FIELDS[column.name]
    _check_fit(field, word, value)
    return _read(field, word, value, lambda text: column.read(text, reading))


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    shown = value if len(value) <= 40 else value[:40] + "…"
    return shown if type(value) is not str else f'"{shown}"'
