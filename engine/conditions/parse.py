"""From the text of a condition to its parse tree, or to the first place where it is no condition."""

import re
from pathlib import Path
from typing import Final

import lark

from engine.clocks.times import near_length
from engine.source.problem import Flaw

#: More than this is no condition that anybody could check by reading it.
LONGEST: Final = 2_000
DEEPEST: Final = 20

_GRAMMAR: Final = lark.Lark(
    Path(__file__).with_name("grammar.lark").read_text("utf-8"),
    parser="lalr",
    lexer="basic",  # a word of the language is one everywhere, whatever stands before it
    propagate_positions=True,
    maybe_placeholders=True,
)
_PARENTHESES: Final = ("write the inner part as a segment, or use `any:` and `all:` blocks",)
_QUOTES: Final = "a text with spaces or signs stands in single quotes:  'New York'"
#: What people write who know another language, and what to write here.
_FOREIGN: Final = {
    "&&": "write `and`",
    "&": "write `and`",
    "||": "write `or`",
    "|": "write `or`",
    "!": "write `not`",
    "<>": "write `is not`",
    "=<": "write `<=`",
    "=>": "write `>=`",
    "===": "write `is`",
    ",": "write `and`, or each condition on a line of its own",
    "，": "write `and`, or each condition on a line of its own",
    "、": "write `and`, or each condition on a line of its own",
    "；": "write `and`, or each condition on a line of its own",
    "＝": "write `is`",
    "＞": "write `>`",
    "＜": "write `<`",
    "≥": "write `>=`",
    "≤": "write `<=`",
    "≠": "write `is not`",
    '"': _QUOTES,
    "“": _QUOTES,
    "‘": _QUOTES,
    "'": "a quote that opens must close; a quote inside a text is written twice:  'children''s'",
    "%": "a percentage belongs before `of`:  70% of customer.average_order",
    "AND": "write `and` in small letters",
    "OR": "write `or` in small letters",
    "NOT": "write `not` in small letters",
    "IS": "write `is` in small letters",
    "IN": "write `in` in small letters",
    "like": "write `contains`",
    "has": "write `contains`",
    "equals": "write `is`",
    "between": "write two conditions, `>=` and `<=`",
    "null": "write `is empty`",
}
#: Comparisons as people say them, and with their signs the other way round.
_COMPARISONS: Final = {
    "=>": ">=",
    "=<": "<=",
    "at least": ">=",
    "at most": "<=",
    "more than": ">",
    "greater than": ">",
    "less than": "<",
    "fewer than": "<",
}
_SPOKEN: Final = re.compile(r"(?:\bis +)?(?:=[<>]|\b(?:at +(?:least|most)|(?:more|greater|less|fewer) +than)\b)")
_VALUES: Final = frozenset(["DAY", "FALSE", "NUMBER", "TEXT", "TRUE", "WORD"])
#: What may stand behind `before` and `after`, where no field may.
_MOMENTS: Final = frozenset(["DAY", "NOW", "NUMBER", "TODAY", "WORD"])
_LIKE_MOMENTS: Final = ("a date as `2026-12-24`", "`90 days ago`", "`3 days from now`")
_SIDES: Final = {"before": "<", "after": ">"}
_WORDS: Final = {
    "FIELD": "a field",
    "PERCENT": "a percentage",
    "EQUAL": "`==`",
    "UNEQUAL": "`!=`",
    "ORDER": "`<`, `<=`, `>`, `>=`",
    "FROM": "`from now`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "COMMA": "`,`",
    "$END": "the end",
}
#: What the grammar understands although the language does not have it.
_UNNAMED: Final = frozenset(["SINGLE"])
_IN_ORDER: Final = [
    *["FIELD", "NOT", "IS", "EQUAL", "UNEQUAL", "ORDER", "BEFORE", "AFTER", "IN", "CONTAINS", "EMPTY", "SEGMENT"],
    *["PERCENT", "OF", "AGO", "FROM", "NOW", "TODAY", "LPAR", "LSQB", "COMMA", "RPAR", "RSQB", "AND", "OR", "$END"],
]


def parse(text: str) -> lark.Tree[lark.Token] | Flaw:
    """The parse tree of a condition, or what is wrong with it."""
    if len(text) > LONGEST:
        return Flaw(LONGEST, len(text), "too-long", f"a condition has at most {LONGEST:,} letters", _PARENTHESES)
    try:
        parsed = _GRAMMAR.parse(text)
    except lark.UnexpectedToken as unexpected:
        return _misplaced(text, unexpected.token, unexpected.accepts or unexpected.expected)
    except lark.UnexpectedCharacters as unexpected:
        return _unreadable(text, unexpected.pos_in_stream or 0)
    return _too_deep(parsed) or parsed


def _too_deep(parsed: lark.Tree[lark.Token]) -> Flaw | None:
    waiting = [(parsed, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            start, end = span(node)
            return Flaw(start, end, "too-deep", f"this is nested deeper than {DEEPEST} levels", _PARENTHESES)
        nested = node.data in ("condition", "negation")
        waiting.extend((child, depth + nested) for child in node.children if isinstance(child, lark.Tree))
    return None


def span(node: lark.Tree[lark.Token]) -> tuple[int, int]:
    """Where a node stands in its text."""
    return node.meta.start_pos, node.meta.end_pos


def _misplaced(text: str, token: lark.Token, accepts: set[str]) -> Flaw:
    expected = (f"expected {_expected(accepts)}",)
    if token.type == "$END":
        return _unfinished(text, expected)
    start, end = token.start_pos or 0, token.end_pos or len(text)
    spoken = _spoken(text, start)
    if spoken is not None:
        return spoken
    helps = _foreign(str(token)) or (_sign(text, start) if token.type == "FIELD" else ()) or expected
    if str(token) in _KEYWORDS and "WORD" in accepts and "LPAR" not in accepts:
        helps = (f"in quotes it is a value:  '{token}'",)
    return Flaw(start, end, "condition", f"`{token}` does not fit here", helps)


def _spoken(text: str, start: int) -> Flaw | None:
    """A comparison as people say it, or with its signs the other way round, around the place where the grammar gave up."""
    for found in _SPOKEN.finditer(text):
        if found.start() <= start < found.end():
            meant = _COMPARISONS[" ".join(found[0].removeprefix("is ").split())]
            before, after = text[: found.start()].rstrip(), text[found.end() :].lstrip()
            helps = (f"write:  {before} {meant} {after}".rstrip(),)
            return Flaw(found.start(), found.end(), "condition", f"`{found[0]}` is no comparison", helps)
    return None


def _sign(text: str, start: int) -> tuple[str, ...]:
    """What to write where `before` or `after` stands in front of a field."""
    found = re.search(r"\s+(?:is\s+)?(before|after)\s+$", text[:start])
    if found is None:
        return ()
    return (f"two fields are compared with a sign:  {text[: found.start()]} {_SIDES[found[1]]} {text[start:]}",)


def _unfinished(text: str, expected: tuple[str, ...]) -> Flaw:
    amount = re.search(r"(\d+(?:\.\d+)?)\s+([A-Za-z]+)$", text)
    if amount and near_length(amount[0]) is None:
        helps = (f"write the number alone:  {amount[1]}", "an amount of money is one in the shop's own currency")
        return Flaw(*amount.span(2), "condition", f"`{amount[2]}` does not fit here", helps)
    last = list(re.finditer(r"\S+", text))
    if not last:
        return Flaw(0, len(text), "condition", "there is no condition here", expected)
    start, end = last[-1].span()
    return Flaw(start, end, "condition", f"something is missing after `{last[-1][0]}`", expected)


def _unreadable(text: str, start: int) -> Flaw:
    found = re.compile(r"[^\w\s'\"()\[\]]+|.", re.DOTALL).match(text, start)
    odd = found[0] if found else text[start:]
    if odd in ("'", '"'):
        rest = text[start:]
        return Flaw(
            start, len(text), "condition", f"`{rest}` is not closed" if odd == "'" else _NO_DOUBLE, (_FOREIGN[odd],)
        )
    shown = odd if odd.isprintable() else f"U+{ord(odd[0]):04X}"
    helps = _foreign(odd) or (_QUOTES,)
    return Flaw(start, start + len(odd), "condition", f"`{shown}` is no sign of a condition", helps)


_NO_DOUBLE: Final = "a text stands in single quotes"
_KEYWORDS: Final = frozenset(
    one.pattern.value for one in _GRAMMAR.terminals if one.pattern.type == "str" and one.pattern.value.isalpha()
)


def _foreign(word: str) -> tuple[str, ...]:
    help_text = _FOREIGN.get(word)
    return (help_text,) if help_text else ()


def _expected(accepts: set[str]) -> str:
    words = ["a value"] if accepts >= _VALUES else [*_LIKE_MOMENTS] if accepts >= _MOMENTS else []
    shown = [one for one in _IN_ORDER if one in accepts]
    words += [_WORDS.get(one, f"`{one.lower()}`") for one in shown]
    if not words:
        words = ["a number" if "NUMBER" in accepts else "a name"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
