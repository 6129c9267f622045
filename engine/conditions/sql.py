"""The SQL reading of a condition: an expression over the catalogue's tables, for sets of customers or events.

A missing value is NULL, which no WHERE selects, so plain comparisons stay plain and an index stays usable. Only below
an odd number of `not`s would NULL be neither yes nor no; there, and only there, COALESCE makes an atom false.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.catalogue import Catalogue, Field, Type
from engine.conditions.sources import Bound, Plain, Source, bound_moment, source
from engine.conditions.terms import Mention, Share, Value, is_textual
from engine.conditions.tree import And, Contains, Empty, Is, Listed, Member, Moved, Not, Or, Ordered, Tree
from engine.store.dialect import contains_text

_Node = TypeVar("_Node", bound=Tree)
_ORDERS: Final[Mapping[str, Callable[[Any, Any], sa.ColumnElement[bool]]]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


@dataclass(frozen=True)
class Compiled:
    """An expression, and the moments behind its parameters by their names."""

    expression: sa.ColumnElement[Any]
    moments: Mapping[str, Bound]

    def bind(self, now: datetime, zone: ZoneInfo) -> dict[str, datetime | date]:
        """The value of every moment, computed once for one evaluation in the brand's zone."""
        return {name: bound.value(now, zone) for name, bound in self.moments.items()}


def compile_where(tree: Tree, catalogue: Catalogue, segments: Mapping[str, Tree]) -> Compiled:
    """The condition for a WHERE: `customer.*` are columns of the customers' table, `event.*` of the event's table.

    As a selected value it may be NULL for no. Raises `ValueError` for a segment that contains itself.
    """
    compiler = _Compiler(catalogue, segments, {}, ())
    return Compiled(compiler.tree(tree, denied=False), compiler.bounds)


def compile_value(field: Field, catalogue: Catalogue, scope: str = "customer") -> Compiled:
    """One field's value for a SELECT. Tags are many rows: raises `ValueError` for them."""
    if field.type is Type.TAGS:
        raise ValueError(f"{field.name} is a list of tags, which is no single value")
    found = source(field, scope, catalogue)
    numeric = field.type in (Type.NUMBER, Type.MONEY)
    expression = sa.type_coerce(found.expression, Plain()) if numeric else found.expression
    return Compiled(expression, {bound.name: bound for bound in found.bounds})


@dataclass(frozen=True)
class _Compiler:
    catalogue: Catalogue
    segments: Mapping[str, Tree]
    bounds: dict[str, Bound]
    inside: tuple[str, ...]  # the segments that are being compiled

    def tree(self, tree: Tree, *, denied: bool) -> sa.ColumnElement[bool]:
        """`denied` says whether an odd number of `not`s stands above."""
        if isinstance(tree, (And, Or)):
            parts = [self.tree(part, denied=denied) for part in tree.parts]
            return sa.and_(*parts) if isinstance(tree, And) else sa.or_(*parts)
        if isinstance(tree, Not):
            return sa.not_(self.tree(tree.part, denied=not denied))
        if isinstance(tree, Member):
            return self._member(tree, denied)
        atom = _ATOMS[type(tree)](self, tree)
        return sa.func.coalesce(atom, sa.false()) if denied and not _always_known(tree) else atom

    def _member(self, tree: Member, denied: bool) -> sa.ColumnElement[bool]:
        if tree.segment in self.inside:
            raise ValueError(f"the segment {tree.segment} contains itself")
        nested = _Compiler(self.catalogue, self.segments, self.bounds, (*self.inside, tree.segment))
        return nested.tree(self.segments[tree.segment], denied=denied).self_group()

    def _is(self, atom: Is) -> sa.ColumnElement[bool]:
        left, kind = self._value(atom.mention), atom.mention.field.type
        if isinstance(atom.right, Value):
            if kind is Type.YES_NO:
                return left.is_(sa.true() if atom.right.plain else sa.false())
            return left == _literal(atom.right)
        equal = left == self._value(atom.right)
        return sa.and_(equal, left != "") if is_textual(kind) else equal

    def _ordered(self, atom: Ordered) -> sa.ColumnElement[bool]:
        left, compare = self._value(atom.mention), _ORDERS[atom.order]
        if isinstance(atom.right, Value):
            return compare(left, _literal(atom.right))
        if isinstance(atom.right, Mention):
            return compare(left, self._value(atom.right))
        return self._share(left, atom.right, compare)

    def _share(
        self, left: sa.ColumnElement[Any], share: Share, compare: Callable[[Any, Any], sa.ColumnElement[bool]]
    ) -> sa.ColumnElement[bool]:
        """Both sides in whole parts: `70% of b` is 7 b against 10 a, exactly."""
        right, ratio = self._value(share.mention), share.ratio
        if share.mention.field.type is Type.MONEY:
            return compare(_wide(left) * _whole(ratio.denominator), _wide(right) * _whole(ratio.numerator))
        return compare(_double(left) * ratio.denominator, _double(right) * ratio.numerator)

    def _moved(self, atom: Moved) -> sa.ColumnElement[bool]:
        # A column of whole seconds is before 12:00:00.5 if it is before 12:00:01.
        rounding: Any = "up" if atom.side == "before" else "down"
        moment, bound = bound_moment(atom.mention.field, atom.moment, rounding)
        self.bounds[bound.name] = bound
        value = self._value(atom.mention)
        return value < moment if atom.side == "before" else value > moment

    def _listed(self, atom: Listed) -> sa.ColumnElement[bool]:
        left = self._value(atom.mention)
        whole = [one for one in atom.values if not isinstance(one.plain, float)]
        parts: list[sa.ColumnElement[bool]] = [left.in_([_literal(one) for one in whole])] if whole else []
        parts += [left == _literal(one) for one in atom.values if isinstance(one.plain, float)]
        return sa.or_(*parts)

    def _contains(self, atom: Contains) -> sa.ColumnElement[bool]:
        if atom.mention.field.type is Type.TAGS:
            return self._tagged(atom.mention, atom.value)
        return contains_text(self._value(atom.mention), _literal(atom.value))

    def _empty(self, atom: Empty) -> sa.ColumnElement[bool]:
        if atom.mention.field.type is Type.TAGS:
            return sa.not_(self._tagged(atom.mention, None))
        value = self._value(atom.mention)
        missing = value.is_(None)
        return sa.or_(missing, value == "") if is_textual(atom.mention.field.type) else missing

    def _tagged(self, mention: Mention, tag: Value | None) -> sa.ColumnElement[bool]:
        column = mention.field.column
        if column is None or column.member is not None:
            raise ValueError(f"{mention} is not a table of tags")
        table = self.catalogue.table(column.table)
        owner = table.c[self.catalogue.tables[column.table].customer]
        rows = sa.exists().where(owner == self.catalogue.customer_key).correlate_except(table)
        return rows if tag is None else rows.where(table.c[column.name] == _literal(tag))

    def _value(self, mention: Mention) -> sa.ColumnElement[Any]:
        found: Source = source(mention.field, mention.scope, self.catalogue)
        self.bounds.update({bound.name: bound for bound in found.bounds})
        return found.expression


_ATOMS: Final[Mapping[type[Tree], Callable[[_Compiler, Any], sa.ColumnElement[bool]]]] = {
    Is: _Compiler._is,
    Ordered: _Compiler._ordered,
    Moved: _Compiler._moved,
    Listed: _Compiler._listed,
    Contains: _Compiler._contains,
    Empty: _Compiler._empty,
}


def _always_known(atom: Tree) -> bool:
    """Whether the atom's SQL is never NULL."""
    return isinstance(atom, Empty) or any(one.field.type is Type.TAGS for one in atom.mentions)


def _literal(value: Value) -> sa.ColumnElement[Any]:
    plain = value.plain
    if isinstance(plain, str):
        return sa.literal(plain, sa.Text())
    return sa.literal(plain, sa.Double() if isinstance(plain, float) else sa.BigInteger())


def _whole(number: int) -> sa.ColumnElement[Any]:
    return sa.literal(number, sa.BigInteger())


def _wide(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Whole numbers that do not overflow when multiplied, which would fail the query; on SQLite they stay integers."""
    return sa.cast(column, sa.Numeric(asdecimal=False))


def _double(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(column, sa.Double().with_variant(sa.Numeric(), "sqlite"))
