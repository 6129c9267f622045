"""Conditions that can never hold, or always do, as far as that is plain from their words alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from engine.conditions.terms import Value
from engine.conditions.tree import And, Atom, Empty, Is, Listed, Moved, Not, Or, Order, Ordered, Tree

_OPPOSITE: dict[Order, Order] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def never(tree: Tree) -> str | None:
    """Why a condition can never hold: two of its parts exclude each other, or one asks for what cannot be. None where
    that is not plain."""
    return _never((), tree)


def always(tree: Tree) -> str | None:
    """Why a condition always holds. None where that is not plain."""
    return never(Not(tree))


def _never(beside: tuple[Tree, ...], tree: Tree) -> str | None:
    """The same of a condition that stands beside parts of which no two exclude each other."""
    parts, choices = list(beside), []
    for one in _parts(tree):
        if isinstance(one, Or):
            choices.append(one)
            continue
        reason = _impossible(one) or next((_against(other, one) for other in parts if _exclude(other, one)), None)
        if reason is not None:
            return reason
        parts.append(one)
    for choice in choices:
        reasons = [_never(tuple(parts), way) for way in choice.parts]
        if all(reasons):
            return reasons[0]
    return None


def _against(other: Tree, one: Tree) -> str:
    return f"`{other}` and `{one}` exclude each other"


# --- The parts that must all hold ------------------------------------------------------------------------------------


def _parts(tree: Tree) -> Iterator[Tree]:
    """Atoms, opposites of atoms, and choices."""
    if isinstance(tree, And):
        for part in tree.parts:
            yield from _parts(part)
    elif isinstance(tree, Not) and isinstance(tree.part, Not):
        yield from _parts(tree.part.part)
    elif isinstance(tree, Not) and isinstance(tree.part, Or):
        for part in tree.part.parts:
            yield from _parts(Not(part))
    elif isinstance(tree, Not) and isinstance(tree.part, And):
        yield Or(tuple(Not(part) for part in tree.part.parts))
    elif isinstance(tree, Not) and isinstance(tree.part, Ordered):
        yield _turned(tree.part) or tree
    else:
        yield tree


def _turned(atom: Ordered) -> Tree | None:
    """The opposite of an order as an order, where the field is never missing."""
    certain = atom.mention.field.required and isinstance(atom.right, Value)
    return Ordered(atom.mention, _OPPOSITE[atom.order], atom.right) if certain else None


# --- What cannot be --------------------------------------------------------------------------------------------------


def _impossible(part: Tree) -> str | None:
    """Why one part alone cannot hold."""
    limit = _limit(part)
    if not isinstance(part, Ordered) or limit is None or not part.mention.field.never_negative:
        return None
    return f"`{part.mention}` is never less than 0" if _apart(limit, _Limit(">=", 0, limit.unit)) else None


def _exclude(left: Tree, right: Tree) -> bool:
    """Whether two atoms, or an atom and the opposite of one, cannot both hold."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Not) and _implies(other, one.part):
            return True
        if isinstance(one, Empty) and isinstance(other, Atom) and other.mention == one.mention and one != other:
            return True
    if not (isinstance(left, Atom) and isinstance(right, Atom)) or left.mention != right.mention:
        return False
    values, others = _values(left), _values(right)
    if values is not None and others is not None:
        return not set(values) & set(others)
    if values is not None or others is not None:
        limit = _limit(right if values is not None else left)
        return limit is not None and not any(limit.fits(one, unsure=True) for one in values or others or ())
    limit, other_limit = _limit(left), _limit(right)
    return limit is not None and other_limit is not None and _apart(limit, other_limit)


def _implies(one: Tree, other: Tree) -> bool:
    """Whether an atom holds wherever another one does."""
    if one == other:
        return True
    if not (isinstance(one, Atom) and isinstance(other, Atom)) or one.mention != other.mention:
        return False
    values, others, limit = _values(one), _values(other), _limit(other)
    if values is not None:
        if others is not None:
            return set(values) <= set(others)
        return limit is not None and all(limit.fits(value, unsure=False) for value in values)
    narrow = _limit(one)
    return narrow is not None and limit is not None and limit.holds(narrow)


def _values(atom: Atom) -> tuple[Any, ...] | None:
    """The values that an atom allows, where it names them."""
    if isinstance(atom, Is) and isinstance(atom.right, Value):
        values: tuple[Value, ...] = (atom.right,)
    elif isinstance(atom, Listed):
        values = atom.values
    else:
        return None
    fold = atom.mention.field.fold
    return tuple(one.plain.casefold() if fold and isinstance(one.plain, str) else one.plain for one in values)


# --- Limits ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Limit:
    """On which side of a bound a value lies. Moments are bounds too, so many units from now; those of one unit compare."""

    order: Order
    bound: float
    unit: str

    @property
    def side(self) -> Literal["<", ">"]:
        return "<" if self.order in ("<", "<=") else ">"

    def fits(self, value: Any, *, unsure: bool) -> bool:
        """Whether a value lies there; `unsure` is the answer for one that is no number."""
        if isinstance(value, str) or self.unit:
            return unsure
        fits: dict[Order, bool] = {
            "<": value < self.bound,
            "<=": value <= self.bound,
            ">": value > self.bound,
            ">=": value >= self.bound,
        }
        return fits[self.order]

    def holds(self, narrow: "_Limit") -> bool:
        """Whether whatever keeps to the narrow limit keeps to this one."""
        if self.unit != narrow.unit or self.side != narrow.side:
            return False
        if self.bound == narrow.bound:
            return "=" in self.order or "=" not in narrow.order
        return self.bound > narrow.bound if self.side == "<" else self.bound < narrow.bound


def _limit(part: Tree) -> _Limit | None:
    if isinstance(part, Ordered) and isinstance(part.right, Value) and isinstance(part.right.plain, int | float):
        return _Limit(part.order, part.right.plain, "")
    if not isinstance(part, Moved) or part.moment.further is not None:
        return None
    order: Order = "<" if part.side == "before" else ">"
    if part.moment.day is not None:
        return _Limit(order, part.moment.day.toordinal(), "the calendar")
    length = part.moment.length
    sign = -1 if part.moment.kind == "ago" else 1
    return _Limit(order, sign * length.count, length.unit) if length is not None else None


def _apart(one: _Limit, other: _Limit) -> bool:
    """Whether one ends before the other begins."""
    if one.unit != other.unit or one.side == other.side:
        return False
    low, high = (one, other) if one.side == ">" else (other, one)
    both = low.order == ">=" and high.order == "<="
    return low.bound > high.bound if both else low.bound >= high.bound
