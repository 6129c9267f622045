"""One file on its way to values: its source, what is wrong with it, and its parts read by their declarations."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from engine.conditions import Tree
from engine.source.marks import Path, Source
from engine.source.problem import Flaw, Place, Problem
from engine.source.yaml import read_yaml
from engine.workspace.conditions import FlawedAt, Reading
from engine.workspace.parts import part_of
from engine.workspace.structure import structure, swallowed

Model = TypeVar("Model", bound=BaseModel)


@dataclass
class Draft:
    """A file whose structure has been looked at. `broken` are the paths of values that have a problem of their own."""

    source: Source
    problems: list[Problem] = field(default_factory=list)
    broken: set[Path] = field(default_factory=set)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong that keeps the file from being used."""
        return all(problem.severity == "warning" for problem in self.problems)

    def is_broken(self, path: Path, but: Collection[str] = ()) -> bool:
        """Whether the value at `path` has a structural problem; those inside the keys `but` do not count."""
        depth = len(path)
        return any(
            one[:depth] == path and not (len(one) > depth and one[depth] in but)
            for one in self.broken
            if len(one) >= depth
        )

    def add(self, place: Place, rule: str, text: str, *helps: str, second: tuple[Place, str] | None = None) -> None:
        """Notes an error."""
        self.problems.append(Problem(place, rule, text, helps, second))

    def warn(self, place: Place, rule: str, text: str, *helps: str) -> None:
        """Notes a warning."""
        self.problems.append(Problem(place, rule, text, helps, severity="warning"))

    def read(self, model: type[Model], path: Path, texts: Any, context: Any = None) -> Model | None:
        """A part of the file by its declaration; None where it has mistakes, which are noted."""
        try:
            found = model.model_validate(texts, context=context)
        except ValidationError as error:
            self._note(path, error)
            return None
        if isinstance(context, Reading):
            self._doubt(path, context)
        return found

    def conditions(self, path: Path, reading: Reading) -> Tree | None:
        """The conditions at `path`; None where they have mistakes, which are noted."""
        try:
            tree = reading.conditions(self.source.texts(path))
        except FlawedAt as error:
            self.problems.extend(self._flaws(path, error))
            return None
        self._doubt(path, reading)
        return tree

    def _doubt(self, path: Path, reading: Reading) -> None:
        """Warns of conditions that are right but may surprise, wherever in this part of the file they stand."""
        for text, flaw in (one for together in reading.seen for one in together.doubts()):
            for at, mark in self.source.marks.items():
                if mark.raw == text and at[: len(path)] == path:
                    problem = self.flaw(at, flaw)
                    if problem not in self.problems:
                        self.problems.append(problem)

    def _note(self, path: Path, error: ValidationError) -> None:
        """Notes what the declarations' own readers say; whatever else pydantic finds follows from that, or is structure."""
        causes = [(one["loc"], one["ctx"]["error"]) for one in error.errors() if one["type"] == "value_error"]
        for loc, cause in causes:
            self.problems.extend(self._problems((*path, *loc), cause))
        if not causes and not self.broken:
            self.add(self.source.place(path), "value", "a value here does not fit its key")

    def _problems(self, at: Path, cause: Exception) -> Iterator[Problem]:
        if isinstance(cause, FlawedAt):
            yield from self._flaws(at, cause)
        elif not self._is_broken(at):
            helps = getattr(cause, "helps", ())
            text, _, advice = str(cause).partition("; ")
            rule = getattr(cause, "rule", "duration" if helps else "value")
            place = self.source.key_place(at[:-1]) if at[-1:] == ("[key]",) else self.source.place(at)
            yield Problem(place, rule, text, (*helps, *((advice,) if advice else ())))

    def _flaws(self, at: Path, found: FlawedAt) -> Iterator[Problem]:
        """The mistakes of conditions; where the structure is wrong already, that is said and no more."""
        for deeper, flaw in found.flaws:
            if not self._is_broken((*at, *deeper)):
                yield self.flaw((*at, *deeper), flaw)

    def _is_broken(self, at: Path) -> bool:
        return any(at[: len(one)] == one or one[: len(at)] == at for one in self.broken)

    def flaw(self, path: Path, flaw: Flaw) -> Problem:
        """A mistake inside one condition, at its place in the file."""
        path = self.source.written(path)
        raw = self.source.raw(path)
        if flaw.end >= len(raw.rstrip()) and self.source.comment_after(path) is not None:
            return swallowed(self.source, path)
        place = self.source.within(path, flaw.start, flaw.end)
        return Problem(place, flaw.rule, flaw.text, flaw.helps, severity=flaw.severity)


def open_file(file: str, text: str | bytes, kind: str) -> Draft | list[Problem]:
    """Reads a file and looks at its structure. Problems alone mean that YAML could not be read."""
    source = read_yaml(file, text, part_of)
    if isinstance(source, list):
        return source
    found = structure(source, kind)
    return Draft(source, [problem for _, problem in found], {path for path, _ in found})
