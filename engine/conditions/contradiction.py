"""Conditions that can never hold, as far as that is plain from their words alone."""

from collections.abc import Iterator
from typing import Any

from engine.conditions.terms import Value
from engine.conditions.tree import And, Atom, Empty, Is, Listed, Not, Or, Ordered, Tree


def never(tree: Tree) -> str | None:
    """Why a condition can never hold: two of its parts exclude each other. None where that is not plain."""
    if isinstance(tree, Or):
        reasons = [never(part) for part in tree.parts]
        return reasons[0] if all(reasons) else None
    parts = list(_parts(tree))
    for number, one in enumerate(parts):
        for other in parts[:number]:
            if _exclude(other, one):
                return f"`{other}` and `{one}` exclude each other"
    return None


def _parts(tree: Tree) -> Iterator[Tree]:
    for part in tree.parts if isinstance(tree, And) else (tree,):
        yield from _parts(part) if isinstance(part, And) else (part,)


def _exclude(left: Tree, right: Tree) -> bool:
    """Whether two atoms, or an atom and the opposite of one, cannot both hold."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Not) and one.part == other:
            return True
        if isinstance(one, Empty) and isinstance(other, Atom) and other.mention == one.mention and one != other:
            return True
    if not (isinstance(left, Atom) and isinstance(right, Atom)) or left.mention != right.mention:
        return False
    values, others = _values(left), _values(right)
    if values is not None and others is not None:
        return not set(values) & set(others)
    if values is not None or others is not None:
        order = right if values is not None else left
        return isinstance(order, Ordered) and not any(_fits(one, order) for one in values or others or ())
    return isinstance(left, Ordered) and isinstance(right, Ordered) and _apart(left, right)


def _values(atom: Atom) -> tuple[Any, ...] | None:
    """The values that an atom allows, where it names them."""
    if isinstance(atom, Is) and isinstance(atom.right, Value):
        return (atom.right.plain,)
    return tuple(value.plain for value in atom.values) if isinstance(atom, Listed) else None


def _fits(value: Any, order: Ordered) -> bool:
    bound = _bound(order)
    if bound is None or isinstance(value, str):
        return True
    fits: bool = {"<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound}[order.order]
    return fits


def _bound(order: Ordered) -> Any:
    plain = order.right.plain if isinstance(order.right, Value) else None
    return plain if isinstance(plain, int | float) else None


def _apart(left: Ordered, right: Ordered) -> bool:
    """Whether one order ends before the other begins."""
    low = next((one for one in (left, right) if one.order in (">", ">=")), None)
    high = next((one for one in (left, right) if one.order in ("<", "<=")), None)
    if low is None or high is None or _bound(low) is None or _bound(high) is None:
        return False
    both = low.order == ">=" and high.order == "<="
    return bool(_bound(low) > _bound(high) if both else _bound(low) >= _bound(high))
