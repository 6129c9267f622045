"""The reading of a condition in words: why it holds or not for one record, and what its author may not have meant."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision

from engine.catalogue import Type
from engine.conditions.python import Record, compared, holds, value_of
from engine.conditions.terms import Mention, Share, percent
from engine.conditions.tree import And, Atom, Empty, Is, Member, Moved, Not, Or, Ordered, Tree
from engine.source.problem import Flaw

_MISSING: Final = "is missing"
_NONE: Final[Mapping[str, Tree]] = {}


class Reason(NamedTuple):
    """One atom of a condition: whether it holds, its text, and the record's value as people write it."""

    holds: bool
    text: str
    value: str


def explain(
    tree: Tree, record: Record, now: datetime, zone: ZoneInfo, segments: Mapping[str, Tree], currency: str = "USD"
) -> list[Reason]:
    """Every atom with its answer, from left to right; below a `not` each is written as its opposite."""
    story = _Story(record, now, zone, segments, currency)
    return list(story.reasons(tree, denied=False))


def asked_for(tree: Tree, segments: Mapping[str, Tree] = _NONE, *, denied: bool = False) -> frozenset[Mention]:
    """The fields that are surely there where the condition holds, or where it does not (`denied`)."""
    if isinstance(tree, Not):
        return asked_for(tree.part, segments, denied=not denied)
    if isinstance(tree, (And, Or)):
        parts = [asked_for(part, segments, denied=denied) for part in tree.parts]
        every = isinstance(tree, And) != denied
        return frozenset[Mention]().union(*parts) if every else parts[0].intersection(*parts[1:])
    if isinstance(tree, Member):
        return asked_for(segments[tree.segment], segments, denied=denied) if tree.segment in segments else frozenset()
    if isinstance(tree, Empty):
        return frozenset(tree.mentions) if denied else frozenset()
    return frozenset() if denied else frozenset(tree.mentions)


def warnings(tree: Tree) -> list[Flaw]:
    """Negative tests that a missing value passes too, where nothing beside them asks for a value."""
    return list(_surprises(tree, frozenset(), denied=False))


@dataclass(frozen=True)
class _Story:
    record: Record
    now: datetime
    zone: ZoneInfo
    segments: Mapping[str, Tree]
    currency: str

    def reasons(self, tree: Tree, *, denied: bool) -> Iterator[Reason]:
        if isinstance(tree, (And, Or, Not)):
            for part in tree.inside:
                yield from self.reasons(part, denied=denied ^ isinstance(tree, Not))
            return
        answer = holds(tree, self.record, self.now, self.zone, self.segments)
        yield Reason(answer ^ denied, str(Not(tree)) if denied else str(tree), self._value(tree, answer))

    def _value(self, tree: Tree, answer: bool) -> str:
        if isinstance(tree, Member):
            return "is in it" if answer else "is not in it"
        if not isinstance(tree, Atom):
            return ""
        value = value_of(tree.mention, self.record)
        if value is None:
            return _MISSING
        return f"is {self._written(tree.mention, value)}{self._other_side(tree)}"

    def _other_side(self, atom: Atom) -> str:
        if isinstance(atom, Moved) and atom.moment.moves:
            limit = compared(atom.moment, atom.mention, self.now, self.zone)
            return f", limit {self._written(atom.mention, limit)}"
        right = atom.right if isinstance(atom, (Is, Ordered)) else None
        if isinstance(right, Mention):
            return f", {right} {self._field(right)}"
        if isinstance(right, Share):
            return self._limit(right)
        return ""

    def _limit(self, share: Share) -> str:
        whole = value_of(share.mention, self.record)
        if whole is None:
            return f", {share.mention} {_MISSING}"
        limit = self._written(share.mention, share.ratio * Fraction(whole))
        return f", limit {limit} ({percent(share.ratio)} of {self._written(share.mention, whole)})"

    def _field(self, mention: Mention) -> str:
        value = value_of(mention, self.record)
        return _MISSING if value is None else f"is {self._written(mention, value)}"

    def _written(self, mention: Mention, value: Any) -> str:
        kind = mention.field.type
        if kind is Type.MONEY:
            return _amount(Fraction(value), get_currency_precision(self.currency))
        if kind is Type.NUMBER:
            return _amount(Fraction(value), 0)
        if kind is Type.TIME:
            return f"{value.astimezone(self.zone):%Y-%m-%d %H:%M}"
        return _PLAIN.get(kind, str)(value)


_PLAIN: Final[Mapping[Type, Callable[[Any], str]]] = {
    Type.YES_NO: lambda value: "true" if value else "false",
    Type.TAGS: lambda value: ", ".join(sorted(value)),
}


def _amount(amount: Fraction, decimals: int) -> str:
    """With the currency's decimals, and with more where the amount is finer."""
    scaled = amount / 10**decimals
    if amount.denominator == 1:
        return f"{float(scaled):,.{decimals}f}" if abs(amount) < 2**53 else f"{int(scaled):,}"
    return f"{float(scaled):,.{decimals + 4}f}".rstrip("0").rstrip(".")


def _surprises(tree: Tree, known: frozenset[Mention], *, denied: bool) -> Iterator[Flaw]:
    if isinstance(tree, And) and not denied:
        known |= asked_for(tree)
    if isinstance(tree, Not) and isinstance(tree.part, Atom) and not denied:
        yield from _matches_missing(tree.part, tree, known)
    elif isinstance(tree, Atom) and denied:
        yield from _matches_missing(tree, tree, known)
    else:
        for part in tree.inside:
            yield from _surprises(part, known, denied=denied ^ isinstance(tree, Not))


def _matches_missing(atom: Atom, whole: Tree, known: frozenset[Mention]) -> Iterator[Flaw]:
    mention = atom.mention
    if isinstance(atom, Empty) or mention in known or not _can_be_missing(mention):
        return
    who = "customers" if mention.scope == "customer" else "events" if mention.scope in ("event", "it") else "those"
    name = mention.field.name.replace("_", " ")
    text = f"this also matches {who} whose {name} is unknown"
    start, end = whole.span
    yield Flaw(start, end, "matches-missing", text, (f"add a line:  - {mention} is not empty",), "warning")


def _can_be_missing(mention: Mention) -> bool:
    """Nobody is without tags in a way that surprises, and the count or sum of nothing is zero."""
    metric = mention.field.metric
    if metric is not None:
        return not metric.always
    return not mention.field.required and mention.field.type is not Type.TAGS
