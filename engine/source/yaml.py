"""YAML 1.2 core, read into plain values and marks: every value knows its place, and nothing large is ever built."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from engine.source.mistakes import (
    alias_written,
    anchor_written,
    directive_written,
    duplicate_key,
    glued,
    key_not_a_text,
    merge_key,
    not_a_mapping,
    second_document,
    tag_written,
    too_deep,
    too_large,
    too_many,
    undecodable,
    unreadable,
)
from engine.source.problem import Place, Problem
from engine.source.span import lines, span

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 10_000

#: The way from a file's root to a value: keys and positions in lists.
Path = tuple[str | int, ...]

_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")  # longer ones stay text: nothing in the language counts that far
_BASED = re.compile(r"0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,30}|[0-9]{1,30}(?:\.[0-9]{0,30})?)(?:[eE][-+]?[0-9]{1,2})?")


class _Events(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """PyYAML's parser without its constructor: a state machine, which nesting cannot make recurse."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)

    def __iter__(self) -> Iterator[Event]:
        while self.check_event():
            yield self.get_event()  # type: ignore[no-untyped-call]


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

    def place(self, path: Path) -> Place:
        """The place of a value; of the nearest one around it where it has none of its own."""
        while path not in self.marks:
            path = path[:-1]
        return self.marks[path].value

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
        found = re.compile(r"[ \t]+(#[^\s#]\S*)").match(self.text, self.marks[path].end)
        if found is None and self.marks[path].start == self.marks[path].end:
            found = re.compile(r"[ \t]*(#[^\s#]\S*)").match(self.text, self.marks[path].end)
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


@dataclass
class _Open:
    """A mapping or list that is being read."""

    path: Path
    value: dict[str, Any] | list[Any]
    start: int
    key: str | None = None
    key_event: ScalarEvent | None = None
    seen: dict[str, Place] = field(default_factory=dict)
    dropped: bool = False  # the next value belongs to a key that is a mistake

    def next_path(self) -> Path:
        return (*self.path, len(self.value) if isinstance(self.value, list) else self.key or "")


class _Build:
    """Builds values from the parser's events; gives up where the file is too deep or too long."""

    def __init__(self, file: str, text: str, part: Callable[[Path], str]) -> None:
        self.file, self.text, self.part = file, text, part
        self.problems: list[Problem] = []
        self.marks: dict[Path, Mark] = {}
        self.open: list[_Open] = []
        self.root: Any = None
        self.documents = 0
        self.nodes = 0

    def place(self, event: Event) -> Place:
        return span(self.file, self.text, *_extent(event))

    def take(self, event: Event) -> bool:
        """Takes one event; False when nothing more must be read."""
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.problems.append(second_document(self.place(event)))
                return False
            if event.version or event.tags:
                self.problems.append(directive_written(self.place(event)))
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self.open.pop()
        elif isinstance(event, NodeEvent):
            return self._node(event)
        return not isinstance(event, StreamEndEvent)

    def _node(self, event: NodeEvent) -> bool:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.problems.append(too_many(self.place(event), MAX_NODES))
            return False
        if isinstance(event, CollectionStartEvent) and len(self.open) >= MAX_DEPTH:
            self.problems.append(too_deep(self.place(event), MAX_DEPTH))
            return False
        self._refuse(event)
        around = self.open[-1] if self.open else None
        if around is not None and isinstance(around.value, dict) and around.key is None:
            return self._key(around, event)
        return self._value(around, event)

    def _refuse(self, event: NodeEvent) -> None:
        if isinstance(event, AliasEvent):
            self.problems.append(alias_written(self.place(event), event.anchor or ""))
        elif event.anchor is not None:
            self.problems.append(anchor_written(self.place(event), event.anchor))
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
            self.problems.append(tag_written(self.place(event), event.tag))

    def _key(self, around: _Open, event: NodeEvent) -> bool:
        if not isinstance(event, ScalarEvent):
            self.problems.append(key_not_a_text(self.file, self.text, around.start, self.place(event)))
            return False
        place = self.place(event)
        around.key, around.key_event, around.dropped = event.value, event, False
        if event.value == "<<" and event.style is None:
            self.problems.append(merge_key(place))
        if event.value in around.seen:
            first = around.seen[event.value]
            self.problems.append(duplicate_key(place, event.value, self.part(around.path), first))
            around.dropped = True
        around.seen.setdefault(event.value, place)
        return True

    def _value(self, around: _Open | None, event: NodeEvent) -> bool:
        path = around.next_path() if around else ()
        value: Any = {} if isinstance(event, MappingStartEvent) else []
        if isinstance(event, ScalarEvent):
            value = _typed(event)
            self._look_for_glue(event)
        elif isinstance(event, AliasEvent):
            value = None
        if around is None:
            self.root = value
        elif isinstance(around.value, list):
            around.value.append(value)
        elif not around.dropped:
            around.value[around.key or ""] = value
        self._mark(around, path, event)
        if isinstance(event, CollectionStartEvent):
            self.open.append(_Open(path, value, _extent(event)[0]))
        if around is not None:
            around.key = around.key_event = None
        return True

    def _mark(self, around: _Open | None, path: Path, event: NodeEvent) -> None:
        if around is not None and around.dropped:
            return
        start, end = _extent(event)
        key = self.place(around.key_event) if around and around.key_event else None
        place = self.place(event)
        if not isinstance(event, ScalarEvent):
            place = Place(place.file, place.line, place.column)
            self.marks[path] = Mark(place, key, None, start, end, False)
        else:
            self.marks[path] = Mark(
                place if end > start else key or place, key, event.value, start, end, not event.style
            )

    def _look_for_glue(self, event: ScalarEvent) -> None:
        if event.style is None:
            lists = [one.start for one in self.open if isinstance(one.value, list)]
            column = span(self.file, self.text, lists[-1], lists[-1] + 1).column if lists else None
            self.problems.extend(glued(self.file, self.text, *_extent(event), column))


def _extent(event: Event) -> tuple[int, int]:
    start, end = event.start_mark, event.end_mark
    return (start.index if start else 0), (end.index if end else 0)


def _typed(event: ScalarEvent) -> Any:
    text: str = event.value
    if event.style is not None:
        return text
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return bool(_TRUE.fullmatch(text))
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


def _here(_path: Path) -> str:
    return "here"


def read_yaml(file: str, text: str | bytes, part: Callable[[Path], str] = _here) -> Source | list[Problem]:
    """Reads a file that must hold one mapping. `part` names a place for people, as in "written twice in this step"."""
    if len(text) > MAX_BYTES:
        return [too_large(file, MAX_BYTES)]
    decoded = text if isinstance(text, str) else _decode(file, text)
    if isinstance(decoded, Problem):
        return [decoded]
    decoded = decoded.removeprefix("\ufeff")
    build = _Build(file, decoded, part)
    try:
        for event in _Events(decoded):
            if not build.take(event):
                break
    except yaml.YAMLError as error:
        build.problems.append(unreadable(file, decoded, error))
    if build.problems:
        first = {(problem.place, problem.rule): problem for problem in reversed(build.problems)}
        return sorted(first.values(), key=lambda problem: problem.place)
    if not isinstance(build.root, dict):
        return [not_a_mapping(file, build.root, build.documents)]
    return Source(file, decoded, build.root, build.marks)


def _decode(file: str, text: bytes) -> str | Problem:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        return undecodable(file, text, error.start)
