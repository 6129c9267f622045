"""Conditions that are right but may surprise: a negative test is true for a missing value too."""

from collections.abc import Iterable, Iterator

from engine.catalogue import Type
from engine.conditions import Tree
from engine.conditions.tree import Empty, Mention, Not
from engine.source.problem import Flaw


def doubts(seen: Iterable[tuple[str, Tree]]) -> list[tuple[str, Flaw]]:
    """Each text with a negative test of a field that can be missing, unless one beside it asks that it be not."""
    pairs = [(text, one) for text, tree in seen for one in _denials(tree)]
    guarded = {str(mention) for _, one in pairs if isinstance(one.part, Empty) for mention in one.part.mentions}
    return [
        (text, _flaw(one, mention))
        for text, one in pairs
        if not isinstance(one.part, Empty)
        for mention in one.part.mentions[:1]
        if _can_be_missing(mention) and str(mention) not in guarded
    ]


def _denials(tree: Tree) -> Iterator[Not]:
    if isinstance(tree, Not):
        yield tree
    for inner in tree.inside:
        yield from _denials(inner)


def _can_be_missing(mention: Mention) -> bool:
    return not mention.field.required and mention.field.type is not Type.TAGS


def _flaw(denial: Not, mention: Mention) -> Flaw:
    whose = (
        f"customers whose {mention.field.name} is" if mention.scope == "customer" else f"the case that `{mention}` is"
    )
    text = f"this also matches {whose} unknown"
    helps = (f"add a line:  - {mention} is not empty",)
    return Flaw(*denial.span, "matches-missing", text, helps, "warning")
