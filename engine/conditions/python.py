"""The Python reading of a condition: for one record, an event's payload, and as the measure for the SQL reading."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from engine.catalogue import Type
from engine.conditions.sources import ISO_DAY
from engine.conditions.terms import Mention, Moment, Share, Value
from engine.conditions.tree import And, Contains, Empty, Is, Listed, Member, Moved, Not, Or, Ordered, Tree
from engine.store.types import from_microseconds

Record: TypeAlias = Mapping[str, Mapping[str, Any]]
_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def holds(tree: Tree, record: Record, now: datetime, zone: ZoneInfo, segments: Mapping[str, Tree]) -> bool:
    """Whether the condition holds for `record["customer"]["tier"]` and so on; what is absent, None or "" is missing."""
    if isinstance(tree, And):
        return all(holds(part, record, now, zone, segments) for part in tree.parts)
    if isinstance(tree, Or):
        return any(holds(part, record, now, zone, segments) for part in tree.parts)
    if isinstance(tree, Not):
        return not holds(tree.part, record, now, zone, segments)
    if isinstance(tree, Member):
        return holds(segments[tree.segment], record, now, zone, segments)
    if isinstance(tree, Moved):
        return _moved(tree, record, now, zone)
    return _ATOMS[type(tree)](tree, record)


def value_of(mention: Mention, record: Record) -> Any:
    """The field's value, None where it is missing or not of the field's type (a payload holds what was sent)."""
    raw = record.get(mention.scope, {}).get(mention.field.name)
    return None if raw is None else _READINGS[mention.field.type](raw)


def compared(moment: Moment, mention: Mention, now: datetime, zone: ZoneInfo) -> datetime | str:
    """The moment as the field's type compares it: an ISO day for a date, an instant for a time."""
    if mention.field.type is Type.DATE:
        return moment.local_day(now, zone).isoformat()
    return moment.instant(now, zone)


def part_of(share: Share, whole: Any) -> tuple[Any, int]:
    """`70% of whole` as a numerator and a denominator, so that nothing is rounded."""
    return whole * share.ratio.numerator, share.ratio.denominator


def _is(atom: Is, record: Record) -> bool:
    left = value_of(atom.mention, record)
    right = atom.right.plain if isinstance(atom.right, Value) else value_of(atom.right, record)
    return left is not None and right is not None and bool(left == right)


def _ordered(atom: Ordered, record: Record) -> bool:
    left, compare = value_of(atom.mention, record), _ORDERS[atom.order]
    if isinstance(atom.right, Value):
        return left is not None and compare(left, atom.right.plain)
    right = value_of(atom.right.mention if isinstance(atom.right, Share) else atom.right, record)
    if left is None or right is None:
        return False
    if isinstance(atom.right, Mention):
        return compare(left, right)
    numerator, denominator = part_of(atom.right, right)
    return compare(left * denominator, numerator)


def _moved(atom: Moved, record: Record, now: datetime, zone: ZoneInfo) -> bool:
    left, right = value_of(atom.mention, record), compared(atom.moment, atom.mention, now, zone)
    return left is not None and bool(left < right if atom.side == "before" else left > right)


def _listed(atom: Listed, record: Record) -> bool:
    left = value_of(atom.mention, record)
    return left is not None and any(left == one.plain for one in atom.values)


def _contains(atom: Contains, record: Record) -> bool:
    left = value_of(atom.mention, record)
    return left is not None and atom.value.plain in left


def _empty(atom: Empty, record: Record) -> bool:
    return value_of(atom.mention, record) is None


_ATOMS: Final[Mapping[type[Tree], Callable[[Any, Record], bool]]] = {
    Is: _is,
    Ordered: _ordered,
    Listed: _listed,
    Contains: _contains,
    Empty: _empty,
}


def _text(raw: Any) -> str | None:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return raw if isinstance(raw, str) and raw else None


def _number(raw: Any) -> Any:
    return raw if isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool) else None


def _yes_no(raw: Any) -> bool | None:
    if isinstance(raw, (bool, int)):
        return bool(raw)
    return {"true": True, "false": False}.get(raw) if isinstance(raw, str) else None


def _date(raw: Any) -> str | None:
    if isinstance(raw, str):
        return raw if re.match(ISO_DAY, raw) else None
    return raw.isoformat() if isinstance(raw, date) and not isinstance(raw, datetime) else None


def _time(raw: Any) -> datetime | None:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return from_microseconds(raw)
    return raw if isinstance(raw, datetime) else None


def _tags(raw: Any) -> Any:
    return raw or None


_READINGS: Final[Mapping[Type, Callable[[Any], Any]]] = {
    Type.TEXT: _text,
    Type.CHOICE: _text,
    Type.NUMBER: _number,
    Type.MONEY: _number,
    Type.YES_NO: _yes_no,
    Type.DATE: _date,
    Type.TIME: _time,
    Type.TAGS: _tags,
}
