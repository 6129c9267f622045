"""A file that was read: its values, and the place of each and of every piece of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.source.problem import Place
from engine.source.span import lines, span

#: The way from a file's root to a value: keys and positions in lists.
Path = tuple[str | int, ...]

_COMMENT = re.compile(r"[ \t]+(#[^\s#]\S*)")
_ONLY_COMMENT = re.compile(r"[ \t]*(#[^\s#]\S*)")


@dataclass(frozen=True)
class Mark:
    """Where a value stands, and where its key; `raw` is a single value's text as the author means it."""

    value: Place
    key: Place | None
    raw: str | None
    start: int
    end: int
    plain: bool = True


@dataclass(frozen=True)
class Source:
    """One file: its text, its values, and the mark of each."""

    file: str
    text: str
    data: Any
    marks: Mapping[Path, Mark]

    def written(self, path: Path) -> Path:
        """The way to the nearest value that stands in the file: one alone may stand where a list is meant."""
        while path not in self.marks:
            path = path[:-1]
        return path

    def place(self, path: Path) -> Place:
        """The place of a value; of the nearest one around it where it has none of its own."""
        return self.marks[self.written(path)].value

    def key_place(self, path: Path) -> Place:
        """The place of a value's key; of the value where it stands in a list."""
        mark = self.marks.get(path)
        return mark.key if mark is not None and mark.key is not None else self.place(path)

    def raw(self, path: Path) -> str:
        """A single value's text as the author means it."""
        return self.marks[path].raw or ""

    def texts(self, path: Path = ()) -> Any:
        """The values below `path` with every single value as its text: `0123` stays `0123`, an empty one is None."""
        return self._texts(path, self.at(path))

    def at(self, path: Path) -> Any:
        """The value at `path`."""
        value = self.data
        for part in path:
            value = value[part]
        return value

    def _texts(self, path: Path, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._texts((*path, key), inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._texts((*path, number), inner) for number, inner in enumerate(value)]
        return None if value is None else self.raw(path)

    def line(self, number: int) -> str:
        """A line of the file, counted from 1."""
        return lines(self.text)[number - 1]

    def comment_after(self, path: Path) -> Place | None:
        """The word after ` #` on the line on which a value ends, where it may have been meant to belong to it."""
        mark = self.marks[path]
        found = (_COMMENT if mark.end > mark.start else _ONLY_COMMENT).match(self.text, mark.end)
        return span(self.file, self.text, *found.span(1)) if found else None

    def within(self, path: Path, start: int, end: int) -> Place:
        """The place of a piece of a single value: characters `start` to `end` of its text."""
        mark = self.marks[path]
        offsets = _align(self.text[mark.start : mark.end], mark.raw or "")
        first = mark.start + offsets[min(start, len(offsets) - 1)]
        last = mark.start + offsets[min(max(end, start + 1), len(offsets)) - 1] + 1
        return span(self.file, self.text, first, last)


def _align(written: str, raw: str) -> list[int]:
    """For each character of a value, where it stands in what was written: quotes, escapes and folds lie between."""
    offsets: list[int] = []
    at = 0
    for character in raw:
        found = written.find("\n" if character in " \n" and written[at : at + 1] == "\n" else character, at)
        if found < 0:
            found = min(at, len(written) - 1)
        offsets.append(max(found, 0))
        at = found + 1
    return [*offsets, min(at, len(written))]
