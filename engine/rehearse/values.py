"""Values of fields as authors write them in tests, read by the types of the catalogue and never guessed."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision

from engine.catalogue import Field, Type
from engine.rehearse.moments import Misread, read_moment
from engine.source.near import near
from engine.store.types import to_microseconds

_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


def yes_no(text: str) -> bool:
    """Reads a yes or no. Raises `Misread`."""
    if text.lower() not in _FLAGS:
        raise Misread("type", f"`{text}` is neither yes nor no", "write `true` or `false`")
    return _FLAGS[text.lower()]


def read_value(field: Field, text: str, currency: str, zone: ZoneInfo) -> Any:
    """The value of a single field as the store keeps it. Raises `Misread` in words for authors."""
    if field.type is Type.MONEY:
        return _money(field, text, currency)
    if field.type is Type.TIME:
        instant = read_moment(text, zone).instant
        return to_microseconds(instant) if _in_document(field) else instant
    if field.type is Type.DATE:
        day = _READERS[Type.DATE](field, text)
        return day.isoformat() if _in_document(field) else day
    return _READERS[field.type](field, text)


def _in_document(field: Field) -> bool:
    return field.column is not None and field.column.member is not None


def _text(_field: Field, text: str) -> str:
    return text


def _choice(field: Field, text: str) -> str:
    if text not in field.choices:
        meant = near(text, field.choices)
        said = f"`{text}` is not a value of `{field.name}` ({', '.join(field.choices)})"
        raise Misread("unknown-value", said, *([f"did you mean `{meant}`?"] if meant else []))
    return text


def _number(field: Field, text: str) -> int | float:
    number = _decimal(field, text, "a number")
    return int(number) if number == number.to_integral_value() else float(number)


def _money(field: Field, text: str, currency: str) -> int:
    decimals = get_currency_precision(currency)
    minor = _decimal(field, text, "an amount of money").scaleb(decimals)
    if minor != minor.to_integral_value():
        has = f"{decimals} decimals" if decimals else "no decimals"
        raise Misread("type", f"`{text}` is finer than the currency: {currency} has {has}", "round it")
    return int(minor)


def _decimal(field: Field, text: str, kind: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > 15:
        raise Misread("type", f"`{field.name}` is {kind}; `{text}` is not")
    return number


def _flag(_field: Field, text: str) -> bool:
    return yes_no(text)


def _date(field: Field, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        said = f"`{field.name}` is a date; `{text}` is not"
        raise Misread("type", said, "a date is year, month, day:  2026-03-01") from None


_READERS: Mapping[Type, Callable[[Field, str], Any]] = {
    Type.TEXT: _text,
    Type.CHOICE: _choice,
    Type.NUMBER: _number,
    Type.YES_NO: _flag,
    Type.DATE: _date,
}
