"""A single value as an author writes it, for a field of any type that can be written."""

import re
from datetime import date
from typing import Final

from lark import Token

from engine.catalogue import Field, Type
from engine.conditions.terms import Mention
from engine.conditions.values import day, literal
from engine.source.problem import Flaw

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
Plain = str | bool | int | float | date


def read_written(field: Field, text: str, currency: str) -> Plain | Flaw:
    """The value, or why it is none."""
    mention = Mention("customer", field)
    if field.type in (Type.TAGS, Type.TIME):
        return Flaw(0, len(text), "type", f"`{mention}` cannot be set", ())
    if field.type is Type.DATE:
        if not _DAY.fullmatch(text):
            helps = ("a date is year, month, day:  2026-03-01",)
            return Flaw(0, len(text), "type", f"`{mention}` is a date; `{text}` is not", helps)
        return day(Token("DATE", text, start_pos=0, end_pos=len(text)))
    found = literal(Token(_kind(text), text, start_pos=0, end_pos=len(text)), mention, currency)
    return found if isinstance(found, Flaw) else found.plain


def written_value(field: Field, text: str, currency: str) -> Plain:
    """The value of a text that was checked. Raises `ValueError` where it is none."""
    found = read_written(field, text, currency)
    if isinstance(found, Flaw):
        raise ValueError(found.text)
    return found


def _kind(text: str) -> str:
    if text in ("true", "false"):
        return text.upper()
    return "NUMBER" if _NUMBER.fullmatch(text) else "WORD"
