"""Values that stand alone where a whole condition is needed: `customer.tier is gold or platinum`."""

import re
from collections.abc import Mapping
from typing import Any, cast

import lark
from lark import Token

from engine.source.near import near
from engine.source.problem import Flaw

#: A single word right before a verb.
_BEFORE_VERB = re.compile(r"(?:^|[\s(])([a-z][a-z0-9_]*)\s*$")


def alone(node: lark.Tree[Token], text: str, scope: Mapping[str, Mapping[str, Any]]) -> list[Flaw]:
    """One flaw for each run of lone values in a chain, at its first, with what the author likely meant."""
    if node.data == "alone":
        return [_no_condition(cast(Token, node.children[0]), scope)]
    flaws: list[Flaw] = []
    before: lark.Tree[Token] | None = None
    run: list[Token] = []
    join = ""
    for child in [*node.children, None]:
        if isinstance(child, Token):
            join = join if run else str(child)
        elif child is not None and child.data == "alone":
            run.append(cast(Token, child.children[0]))
        else:
            if run:
                flaws.append(_lone(run, join, before, text, scope))
            before, run = child, []
    return flaws


def _lone(
    run: list[Token],
    join: str,
    before: lark.Tree[Token] | None,
    text: str,
    scope: Mapping[str, Mapping[str, Any]],
) -> Flaw:
    first = run[0]
    if before is None:
        return _no_condition(first, scope)
    rule = "alone-after-or" if join == "or" else "condition"
    start, end = first.start_pos or 0, first.end_pos or 0
    return Flaw(start, end, rule, f"`{first}` stands alone after `{join}`", (_meant(before, run, join, text),))


def _meant(before: lark.Tree[Token], run: list[Token], join: str, text: str) -> str:
    tokens = [one for one in before.children if isinstance(one, Token)]
    types = [one.type for one in tokens]
    field, value = tokens[0], tokens[-1]
    deny = "not " if "NOT" in types or "UNEQUAL" in types else ""
    if before.data == "contains":
        whole = [text[before.meta.start_pos : before.meta.end_pos], *(f"{field} {deny}contains {one}" for one in run)]
        return "write:  " + f" {join} ".join(whole)
    if before.data == "compare" and value.type != "FIELD":
        return f"write:  {field} {deny}in [{', '.join([value, *run])}]"
    if before.data == "listed":
        listed = tokens[types.index("IN") + 1 :]
        return f"write:  {field} {deny}in [{', '.join([*listed, *run])}]"
    return f"repeat the whole condition after `{join}`"


def _no_condition(token: Token, scope: Mapping[str, Mapping[str, Any]]) -> Flaw:
    start, end = token.start_pos or 0, token.end_pos or 0
    meant = [f"{one}.{token}" for one, fields in scope.items() if str(token) in fields]
    helps = (
        (f"did you mean `{meant[0]}`?",)
        if meant
        else ("a condition begins with a field, as in  customer.tier is gold",)
    )
    return Flaw(start, end, "condition", f"`{token}` is not a condition", helps)


def without_scope(flaw: Flaw, text: str, scope: Mapping[str, Mapping[str, Any]]) -> Flaw | None:
    """What is wrong with `tier is gold`: the verb that does not fit stands behind a field that lacks its `customer.`."""
    found = _BEFORE_VERB.search(text[: flaw.start])
    if found is None:
        return None
    word = found[1]
    meant = [f"{one}.{word}" for one, fields in scope.items() if word in fields]
    if not meant:
        names = {name: one for one, fields in scope.items() for name in fields}
        likely = near(word, names)
        meant = [f"{names[likely]}.{likely}"] if likely else []
    if not meant:
        return None
    kept = text[found.end(1) :].strip()
    helps = tuple(f"write:  {one} {kept}" if found.start(1) == 0 else f"write:  {one}" for one in meant)
    return Flaw(found.start(1), found.end(1), "unknown-field", f"it is not said whose `{word}` this is", helps)
