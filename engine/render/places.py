"""Where in a message an expression stands: Jinja's tree knows lines only, authors are shown the exact words."""

import re
from collections.abc import Iterator

from engine.render.message import Message, Part
from engine.source.problem import Place

_STRING = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
_REGION = re.compile(
    r"(?P<comment>\{#.*?(?:#\}|\Z))"
    rf"|(?P<print>\{{\{{(?:{_STRING}|(?!\}}\}}).)*(?:\}}\}}|\Z))"
    rf"|(?P<block>\{{%(?:{_STRING}|(?!%\}}).)*(?:%\}}|\Z))",
    re.DOTALL,
)


def regions(text: str) -> Iterator[re.Match[str]]:
    """Every `{{ … }}` and `{% … %}` of a text; one that is never closed reaches to the end, as a comment does."""
    return (found for found in _REGION.finditer(text) if found.lastgroup != "comment")


def literal(text: str) -> str:
    """What is left of a text when every expression and comment is gone."""
    return _REGION.sub("", text)


def masked(text: str) -> str:
    """The text with everything blanked that is not an expression, each character in its place."""
    kept: list[str] = []
    end = 0
    for found in regions(text):
        kept.append(_blank(text[end : found.start()]))
        kept.append(re.sub(_STRING, lambda string: _blank(string[0]), found[0]))
        end = found.end()
    return "".join(kept) + _blank(text[end:])


def find(message: Message, part: Part, line: int, words: str, nth: int = 0) -> Place:
    """The place of `words` in an expression that stands on a line of a part (counted from 1).

    Falls back on the first expression of the line, for words that Jinja puts together from several places.
    """
    lines = masked(part.text).split("\n")
    shown = lines[line - 1] if line <= len(lines) else ""
    hits = [hit.start() for hit in re.finditer(rf"(?<![\w.]){re.escape(words)}(?!\w)", shown)] if words else []
    if hits:
        return place(message, part, line, hits[min(nth, len(hits) - 1)] + 1, len(words))
    begin = len(shown) - len(shown.lstrip())
    return place(message, part, line, begin + 1 if shown.strip() else 1, max(1, len(shown.strip())))


def place(message: Message, part: Part, line: int, column: int, width: int) -> Place:
    """A place within a part as a place of the file."""
    return Place(message.file, part.line + line - 1, column + (part.column - 1 if line == 1 else 0), width)


def at_offset(message: Message, part: Part, offset: int, width: int) -> Place:
    """The place of an offset into the text of a part; never wider than its line."""
    before = part.text[:offset]
    line, column = before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
    rest = len(part.text[offset:].split("\n", 1)[0])
    return place(message, part, line, column, max(1, min(width, rest)))


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
