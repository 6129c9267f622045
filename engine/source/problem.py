"""A problem: one mistake of an author, with its place, in words of the language, and what to type instead."""

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Place:
    """Where in a file: line and column count from 1, `width` is in characters of that line."""

    file: str
    line: int
    column: int
    width: int = 1


@dataclass(frozen=True)
class Problem:
    """One finding. `second` is another place that explains it, with its label."""

    place: Place
    rule: str
    text: str
    helps: tuple[str, ...] = ()
    second: tuple[Place, str] | None = None
    severity: Severity = "error"
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Flaw:
    """A mistake inside one text, before anyone knows in which file the text stands: offsets count from 0."""

    start: int
    end: int
    rule: str
    text: str
    helps: tuple[str, ...] = ()
    severity: Severity = "error"
