"""YAML 1.2 core, read into plain values and marks: every value knows its place, and nothing large is ever built."""

from collections.abc import Callable, Iterator
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

from engine.source.marks import Mark, Path, Source
from engine.source.mistakes import (
    INVISIBLE,
    alias_written,
    anchor_written,
    directive_written,
    duplicate_key,
    glued,
    invisible,
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
from engine.source.scalars import typed
from engine.source.span import span

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_NODES", "Path", "Source", "read_yaml"]

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 10_000


#: The parser in C, where PyYAML was built with it.
_QUICK: Any = getattr(yaml, "CLoader", None)


class _Events(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """PyYAML's parser without its constructor: a state machine, which nesting cannot make recurse."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)

    def __iter__(self) -> Iterator[Event]:
        while self.check_event():
            yield self.get_event()  # type: ignore[no-untyped-call]


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
        self.given_up = False  # too deep or too long: nothing more was read

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
            self.given_up = True
            return False
        if isinstance(event, CollectionStartEvent) and len(self.open) >= MAX_DEPTH:
            self.problems.append(too_deep(self.place(event), MAX_DEPTH))
            self.given_up = True
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
        if isinstance(event, ScalarEvent) and (found := INVISIBLE.search(event.value)):
            self.problems.append(invisible(self.place(event), found[0]))

    def _key(self, around: _Open, event: NodeEvent) -> bool:
        if not isinstance(event, ScalarEvent):
            self.problems.append(key_not_a_text(self.file, self.text, around.start, self.place(event)))
            return False
        place = self.place(event)
        around.key, around.key_event, around.dropped = event.value, event, False
        if event.value == "<<" and not event.style:
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
            value = event.value if event.style else typed(event.value)
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
        if not event.style:
            lists = [one.start for one in self.open if isinstance(one.value, list)]
            column = span(self.file, self.text, lists[-1], lists[-1] + 1).column if lists else None
            self.problems.extend(glued(self.file, self.text, *_extent(event), column))


def _extent(event: Event) -> tuple[int, int]:
    start, end = event.start_mark, event.end_mark
    return (start.index if start else 0), (end.index if end else 0)


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
    build = _quick(file, decoded, part) or _careful(file, decoded, part)
    if build.problems:
        first = {(problem.place, problem.rule): problem for problem in reversed(build.problems)}
        return sorted(first.values(), key=lambda problem: problem.place)
    if not isinstance(build.root, dict):
        return [not_a_mapping(file, build.root, build.documents)]
    return Source(file, decoded, build.root, build.marks)


def _quick(file: str, text: str, part: Callable[[Path], str]) -> _Build | None:
    """Reads with the parser in C, which takes a tenth of the time; None where anything is wrong or it is not there.

    What is wrong is told by the other parser, whose messages say more; but a file that is too deep or too long is given up
    here, since its depth would cost that one seconds.
    """
    if _QUICK is None:
        return None
    build, parser = _Build(file, text, part), _QUICK(text)
    try:
        while (event := parser.get_event()) is not None and build.take(event):
            pass
    except (yaml.YAMLError, ValueError):
        return None
    return build if not build.problems or build.given_up else None


def _careful(file: str, text: str, part: Callable[[Path], str]) -> _Build:
    build = _Build(file, text, part)
    try:
        for event in _Events(text):
            if not build.take(event):
                break
    except yaml.YAMLError as error:
        build.problems.append(unreadable(file, text, error))
    return build


def _decode(file: str, text: bytes) -> str | Problem:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        return undecodable(file, text, error.start)
