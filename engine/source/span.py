"""Places of pieces of a text: offsets become lines and columns."""

import re
from bisect import bisect_right
from functools import lru_cache

from engine.source.problem import Place

_BREAK = re.compile(
    "\r\n|[\r\n\x85\u2028\u2029]"
)  # what YAML 1.1 parsers, PyYAML among them, take for the end of a line


@lru_cache(maxsize=16)
def line_starts(text: str) -> tuple[int, ...]:
    """The offset at which each line begins."""
    return (0, *(found.end() for found in _BREAK.finditer(text)))


def lines(text: str) -> list[str]:
    """The lines of a text, without their ends."""
    return _BREAK.split(text)


def span(file: str, text: str, start: int, end: int) -> Place:
    """The place of text from offset `start` to `end`; a width ends with its line."""
    starts = line_starts(text)
    line = bisect_right(starts, start) - 1
    line_end = starts[line + 1] if line + 1 < len(starts) else len(text)
    width = len(text[start : min(end, line_end)].rstrip())
    return Place(file, line + 1, start - starts[line] + 1, max(1, width))
