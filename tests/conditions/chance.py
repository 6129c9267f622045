"""Random conditions over the test's catalogue, with literals from the same pools as the rows."""

import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.catalogue import Type
from engine.conditions.terms import Mention, Share, Value, text_value
from engine.conditions.tree import Contains, Empty, Is, Listed, Member, Moved, Not, Ordered, Tree, all_of, any_of
from tests.conditions.ground import CHOICES, MOMENTS, MONEY, SCOPE, TEXTS, fold

MENTIONS = [Mention(scope, field) for scope, fields in SCOPE.items() for field in fields.values()]
RATIOS = [Fraction(7, 10), Fraction(1, 8), Fraction(1), Fraction(3, 2), Fraction(999, 1000), Fraction(7, 90) * 9]
NUMBERS = [0, 1, 2, 3, -1, 7, 10, 100, 10**14, 0.1, 0.3, 2.5, -0.5, 0.7, 63, 90]


def tree(chance: random.Random, depth: int = 3) -> Tree:
    """A condition of some atoms."""
    shape = chance.random()
    if depth == 0 or shape < 0.35:
        return atom(chance)
    if shape < 0.55:
        return Not(tree(chance, depth - 1))
    join = all_of if shape < 0.78 else any_of
    return join([tree(chance, depth - 1) for _ in range(chance.choice([2, 2, 3]))])


def atom(chance: random.Random) -> Tree:
    """One test of one field."""
    if chance.random() < 0.04:
        return Member(chance.choice(["vip", "lapsed"]))
    mention = chance.choice(MENTIONS)
    if chance.random() < 0.1:
        return Empty(mention)
    return chance.choice(_ATOMS[mention.field.type])(chance, mention)


def literal(chance: random.Random, mention: Mention) -> Value:
    """A value of the field's type."""
    kind = mention.field.type
    if kind is Type.NUMBER:
        number = chance.choice(NUMBERS)
        return Value(number, str(number))
    if kind is Type.MONEY:
        minor = chance.choice(MONEY)
        return Value(minor, f"{Decimal(minor) / 100:f}")
    text = chance.choice(CHOICES if kind is Type.CHOICE else TEXTS)
    return text_value(fold(text) if mention.field.fold else text)


def _is(chance: random.Random, mention: Mention) -> Tree:
    return Is(mention, literal(chance, mention))


def _yes(chance: random.Random, mention: Mention) -> Tree:
    yes = chance.random() < 0.5
    return Is(mention, Value(yes, "true" if yes else "false"))


def _ordered(chance: random.Random, mention: Mention) -> Tree:
    return Ordered(mention, _order(chance), literal(chance, mention))


def _listed(chance: random.Random, mention: Mention) -> Tree:
    values = [literal(chance, mention) for _ in range(chance.choice([1, 2, 3]))]
    return Listed(mention, tuple(dict.fromkeys(values)))


def _contains(chance: random.Random, mention: Mention) -> Tree:
    return Contains(mention, literal(chance, mention))


def _moved(chance: random.Random, mention: Mention) -> Tree:
    written = [one for one in MOMENTS if one.further is None]  # the other is what a metric makes
    return Moved(mention, chance.choice(["before", "after"]), chance.choice(written))


def _other(chance: random.Random, mention: Mention) -> Tree:
    other = chance.choice([one for one in MENTIONS if _alike(one) == _alike(mention)])
    if mention.field.type in (Type.TEXT, Type.CHOICE, Type.YES_NO) or chance.random() < 0.3:
        return Is(mention, other)
    return Ordered(mention, _order(chance), other)


def _share(chance: random.Random, mention: Mention) -> Tree:
    other = chance.choice([one for one in MENTIONS if one.field.type is mention.field.type])
    return Ordered(mention, _order(chance), Share(chance.choice(RATIOS), other))


def _order(chance: random.Random) -> Any:
    return chance.choice(["<", "<=", ">", ">="])


def _alike(mention: Mention) -> tuple[Any, ...]:
    kind = Type.TEXT if mention.field.type is Type.CHOICE else mention.field.type
    if kind not in (Type.DATE, Type.TIME):
        return (kind,)
    return kind, mention.field.stored, mention.field.column is not None and mention.field.column.member is not None


_ATOMS: Mapping[Type, Sequence[Callable[[random.Random, Mention], Tree]]] = {
    Type.TEXT: (_is, _listed, _contains, _contains, _other),
    Type.CHOICE: (_is, _listed, _other),
    Type.NUMBER: (_is, _ordered, _listed, _other, _share),
    Type.MONEY: (_is, _ordered, _listed, _other, _share, _share),
    Type.YES_NO: (_yes, _yes, _other),
    Type.DATE: (_moved, _moved, _other),
    Type.TIME: (_moved, _moved, _moved, _other),
    Type.TAGS: (_contains,),
}
