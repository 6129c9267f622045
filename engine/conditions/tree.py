"""The typed tree of a condition: one meaning, which SQL, Python and words read alike.

`is not`, `not in` and their like are `Not` over the positive atom, so that they are its exact negation everywhere.
A node prints as its canonical text, and reading that text gives an equal node.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.catalogue import Field
from engine.conditions.terms import Mention, Moment, Share, Value

Order = Literal["<", "<=", ">", ">="]
Span = tuple[int, int]


class Tree:
    """A condition. `span` is where it stands in the text it was read from."""

    span: Span

    @property
    def inside(self) -> tuple["Tree", ...]:
        """The conditions directly inside; none for an atom."""
        return ()

    @property
    def mentions(self) -> tuple["Mention", ...]:
        """The fields that an atom speaks of."""
        return ()

    def denied(self) -> str | None:
        """How the language writes the opposite, where it has words for it."""
        return None


@dataclass(frozen=True)
class And(Tree):
    """All of several conditions; made by `all_of`."""

    parts: tuple[Tree, ...]
    span: Span = field(default=(0, 0), compare=False)

    @property
    def inside(self) -> tuple[Tree, ...]:
        return self.parts

    def __str__(self) -> str:
        return " and ".join(map(_inner, self.parts))


@dataclass(frozen=True)
class Or(Tree):
    """Any of several conditions; made by `any_of`."""

    parts: tuple[Tree, ...]
    span: Span = field(default=(0, 0), compare=False)

    @property
    def inside(self) -> tuple[Tree, ...]:
        return self.parts

    def __str__(self) -> str:
        return " or ".join(map(_inner, self.parts))


@dataclass(frozen=True)
class Not(Tree):
    """The exact opposite of a condition: true also where what it speaks of is missing."""

    part: Tree
    span: Span = field(default=(0, 0), compare=False)

    @property
    def inside(self) -> tuple[Tree, ...]:
        return (self.part,)

    def __str__(self) -> str:
        return self.part.denied() or f"not {_inner(self.part)}"


@dataclass(frozen=True)
class Atom(Tree):
    """One test of one field."""

    mention: Mention

    @property
    def mentions(self) -> tuple[Mention, ...]:
        return (self.mention,)


@dataclass(frozen=True)
class Is(Atom):
    """Equality with a literal or another field."""

    right: Value | Mention
    span: Span = field(default=(0, 0), compare=False)

    @property
    def mentions(self) -> tuple[Mention, ...]:
        return (self.mention, self.right) if isinstance(self.right, Mention) else (self.mention,)

    def __str__(self) -> str:
        return str(self.mention) if self._plain_yes else f"{self.mention} is {self.right}"

    def denied(self) -> str | None:
        return None if self._plain_yes else f"{self.mention} is not {self.right}"

    @property
    def _plain_yes(self) -> bool:
        return isinstance(self.right, Value) and self.right.plain is True


@dataclass(frozen=True)
class Ordered(Atom):
    """An order of numbers, money, dates or times."""

    order: Order
    right: Value | Mention | Share
    span: Span = field(default=(0, 0), compare=False)

    @property
    def mentions(self) -> tuple[Mention, ...]:
        if isinstance(self.right, Value):
            return (self.mention,)
        return (self.mention, self.right.mention if isinstance(self.right, Share) else self.right)

    def __str__(self) -> str:
        return f"{self.mention} {self.order} {self.right}"


@dataclass(frozen=True)
class Moved(Atom):
    """Strictly before or after a moment."""

    side: Literal["before", "after"]
    moment: Moment
    span: Span = field(default=(0, 0), compare=False)

    def __str__(self) -> str:
        return f"{self.mention} {self.side} {self.moment}"


@dataclass(frozen=True)
class Listed(Atom):
    """Equality with one of several literals."""

    values: tuple[Value, ...]
    span: Span = field(default=(0, 0), compare=False)

    def __str__(self) -> str:
        return f"{self.mention} in {self._list}"

    def denied(self) -> str:
        return f"{self.mention} not in {self._list}"

    @property
    def _list(self) -> str:
        return f"[{', '.join(map(str, self.values))}]"


@dataclass(frozen=True)
class Contains(Atom):
    """A tag among the tags, or a text within a text."""

    value: Value
    span: Span = field(default=(0, 0), compare=False)

    def __str__(self) -> str:
        return f"{self.mention} contains {self.value}"

    def denied(self) -> str:
        return f"{self.mention} not contains {self.value}"


@dataclass(frozen=True)
class Empty(Atom):
    """Whether the field is missing; an empty text is."""

    span: Span = field(default=(0, 0), compare=False)

    def __str__(self) -> str:
        return f"{self.mention} is empty"

    def denied(self) -> str:
        return f"{self.mention} is not empty"


@dataclass(frozen=True)
class Member(Tree):
    """Whether the customer is in a segment."""

    segment: str
    span: Span = field(default=(0, 0), compare=False)

    def __str__(self) -> str:
        return f"customer in segment {self.segment}"

    def denied(self) -> str:
        return f"customer not in segment {self.segment}"


def all_of(trees: Iterable[Tree]) -> Tree:
    """The condition that all of them hold. Raises `ValueError` for none."""
    flat = [part for one in trees for part in (one.parts if isinstance(one, And) else (one,))]
    if not flat:
        raise ValueError("no condition at all")
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(trees: Iterable[Tree]) -> Tree:
    """The condition that at least one of them holds. Raises `ValueError` for none."""
    flat = [part for one in trees for part in (one.parts if isinstance(one, Or) else (one,))]
    if not flat:
        raise ValueError("no condition at all")
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def to_text(tree: Tree) -> str:
    """The canonical text: reading it gives an equal tree."""
    return str(tree)


def walk(tree: Tree) -> Iterator[Tree]:
    """The tree and everything inside it, from above."""
    yield tree
    for part in tree.inside:
        yield from walk(part)


def within(tree: Tree, segments: Mapping[str, Tree]) -> Iterator[Tree]:
    """The same, through the segments that are mentioned, each once."""
    waiting, seen = [tree], set()
    while waiting:
        for node in walk(waiting.pop()):
            yield node
            if isinstance(node, Member) and node.segment not in seen:
                seen.add(node.segment)
                waiting.append(segments[node.segment])


def fields(tree: Tree) -> frozenset[tuple[str, Field]]:
    """The fields that a condition mentions, each with its scope; not those of segments."""
    return frozenset((one.scope, one.field) for node in walk(tree) for one in node.mentions)


def segments_in(tree: Tree) -> frozenset[str]:
    """The segments that a condition mentions."""
    return frozenset(node.segment for node in walk(tree) if isinstance(node, Member))


def _inner(tree: Tree) -> str:
    return f"({tree})" if isinstance(tree, (And, Or)) else str(tree)
