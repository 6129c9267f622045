"""Literals and moments: from the words of a condition to values of the type that a field has."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Final

from babel.numbers import get_currency_precision
from lark import Token

from engine.catalogue import Type
from engine.clocks.times import Length, near_length
from engine.conditions.kinds import KINDS
from engine.conditions.terms import Mention, Value, is_textual, text_value
from engine.source.near import near
from engine.source.problem import Flaw

#: A number with at most so many digits compares alike as a decimal, an integer and a double.
_DIGITS: Final = 15


def literal(token: Token, mention: Mention, currency: str) -> Value | Flaw:
    """The value of a literal for that field, or why it is none."""
    kind = mention.field.type
    if is_textual(kind) or kind is Type.TAGS:
        return _text(token, mention)
    if kind in (Type.NUMBER, Type.MONEY) and token.type == "NUMBER":
        return _money(token, currency) if kind is Type.MONEY else _number(token)
    if kind is Type.YES_NO and token.type in ("TRUE", "FALSE"):
        return Value(token.type == "TRUE", str(token))
    return wrong_type(token.start_pos or 0, token.end_pos or 0, str(token), mention)


def wrong_type(start: int, end: int, written: str, mention: Mention) -> Flaw:
    """The flaw of a value that is not of the field's type."""
    kind = mention.field.type
    text = f"`{mention}` is {KINDS[kind]}; `{written}` is not"
    return Flaw(start, end, "type", text, _type_helps(written, mention))


def day(token: Token) -> date | Flaw:
    """The date of `2026-03-01`."""
    try:
        return date.fromisoformat(str(token))
    except ValueError:
        return _flaw(token, "date", f"`{token}` is no day of the calendar", "a date is year, month, day:  2026-03-01")


def _text(token: Token, mention: Mention) -> Value | Flaw:
    plain = str(token)[1:-1].replace("''", "'") if token.type == "TEXT" else str(token)
    if not plain:
        return _flaw(token, "type", "an empty text is a missing value", f"write:  {mention} is empty")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in plain):
        return _flaw(token, "type", "this text holds a control character", "leave it out")
    if mention.field.fold:
        plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", plain).casefold())
    choices = mention.field.choices
    if choices and plain not in choices:
        text = f"`{plain}` is not a value of `{mention}` ({', '.join(choices)})"
        meant = near(plain, choices)
        return _flaw(token, "unknown-value", text, *([f"did you mean `{meant}`?"] if meant else []))
    return text_value(plain)


def _number(token: Token) -> Value | Flaw:
    number = Decimal(str(token))
    if len(number.normalize().as_tuple().digits) > _DIGITS or number.adjusted() >= _DIGITS:
        return _flaw(token, "type", f"`{token}` has more than {_DIGITS} digits", "write a shorter number")
    whole = number == number.to_integral_value()
    return Value(int(number) if whole else float(number), _shortest(number))


def _money(token: Token, currency: str) -> Value | Flaw:
    decimals = get_currency_precision(currency)
    minor = Decimal(str(token)).scaleb(decimals)
    if minor != minor.to_integral_value():
        has = f"{decimals} decimals" if decimals else "no decimals"
        return _flaw(token, "type", f"`{token}` is finer than the currency: {currency} has {has}", "round it")
    if minor and minor.adjusted() >= _DIGITS:
        return _flaw(token, "type", f"`{token}` is more money than there is", "write a smaller amount")
    return Value(int(minor), _shortest(Decimal(int(minor)).scaleb(-decimals)))


def _shortest(number: Decimal) -> str:
    written = f"{number:f}"
    written = written.rstrip("0").rstrip(".") if "." in written else written
    return "0" if written in ("-0", "") else written


def _type_helps(written: str, mention: Mention) -> tuple[str, ...]:
    kind = mention.field.type
    if kind is Type.YES_NO:
        return ("write `true` or `false`",)
    if kind in (Type.NUMBER, Type.MONEY) and re.fullmatch(r"'-?\d+(\.\d+)?'", written):
        return (f"write it without quotes:  {written[1:-1]}",)
    if kind not in (Type.DATE, Type.TIME):
        return ()
    length = Length(int(written), "day") if written.isdecimal() and len(written) <= 4 else near_length(written)
    if length is None:
        return (f"write for example:  {mention} before 2026-03-01",)
    return (
        f"longer ago than {length}:   {mention} before {length} ago",
        f"within the last {length}:  {mention} after {length} ago",
    )


def _flaw(token: Token, rule: str, text: str, *helps: str) -> Flaw:
    return Flaw(token.start_pos or 0, token.end_pos or 0, rule, text, helps)
