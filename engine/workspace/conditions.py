"""Conditions where they stand in a file: the words that exist there, and lists and blocks that become one tree."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.conditions import Flawed, Tree, all_of, any_of, read
from engine.source.marks import Path
from engine.source.near import suggest
from engine.source.problem import Flaw
from engine.workspace.results import Scope

_SEGMENT = re.compile(r"[a-z0-9][a-z0-9_-]*")


class FlawedAt(ValueError):
    """Conditions with mistakes: each with the way to its text, and its place there."""

    def __init__(self, flaws: list[tuple[Path, Flaw]]) -> None:
        super().__init__("; ".join(flaw.text for _, flaw in flaws))
        self.flaws = flaws


@dataclass(frozen=True)
class Reading:
    """What conditions may mention at one place of a file.

    `later` names results that do not exist there, with the words that say why; of the scopes in `unclear` nothing is
    known because of another mistake, so conditions that mention them are passed over in silence.
    """

    scope: Scope
    segments: Mapping[str, Tree]
    names: Collection[str]  # of all segments, also of those whose files have mistakes
    currency: str
    later: Mapping[str, Flaw] = field(default_factory=dict)
    unclear: frozenset[str] = frozenset()
    by_name: bool = False  # whether the name of a segment alone may stand for its conditions
    seen: list[tuple[str, Tree]] = field(default_factory=list)  # every text that was read, with its tree

    def conditions(self, raw: Any) -> Tree:
        """The tree of what an author wrote. Raises `FlawedAt`."""
        flaws: list[tuple[Path, Flaw]] = []
        tree = self._named(raw, flaws) if self.by_name and self._is_name(raw) else self._read(raw, (), flaws)
        if tree is None:
            raise FlawedAt(flaws)
        return tree

    def _is_name(self, raw: Any) -> bool:
        return isinstance(raw, str) and _SEGMENT.fullmatch(raw.strip()) is not None

    def _named(self, raw: str, flaws: list[tuple[Path, Flaw]]) -> Tree | None:
        name = raw.strip()
        if name in self.segments:
            return self.segments[name]
        if name not in self.names:
            helps = suggest(name, self.names, "segments") or (f"write it into segments/{name}.yaml",)
            flaws.append(
                ((), Flaw(0, len(raw), "unknown-segment", f"there is no segment `{name}` in segments/", helps))
            )
        return None

    def _read(self, raw: Any, path: Path, flaws: list[tuple[Path, Flaw]]) -> Tree | None:
        if isinstance(raw, list):
            return self._each(raw, path, flaws, any_of_them=False)
        if isinstance(raw, dict):
            word = next(iter(raw), "all")
            inner = raw.get(word)
            return self._each(
                inner if isinstance(inner, list) else [inner], (*path, word), flaws, any_of_them=word == "any"
            )
        return self._text(raw or "", path, flaws)

    def _each(self, raw: list[Any], path: Path, flaws: list[tuple[Path, Flaw]], *, any_of_them: bool) -> Tree | None:
        trees = [self._read(one, (*path, number), flaws) for number, one in enumerate(raw)]
        sound = [tree for tree in trees if tree is not None]
        if not sound or len(sound) < len(trees):
            return None
        return any_of(sound) if any_of_them else all_of(sound)

    def _text(self, text: str, path: Path, flaws: list[tuple[Path, Flaw]]) -> Tree | None:
        try:
            tree = read(text, self.scope, self.names, self.currency)
            self.seen.append((text, tree))
            return tree
        except Flawed as error:
            flaws.extend((path, self._placed(flaw, text)) for flaw in error.flaws if not self._is_unclear(text))
            return None

    def _is_unclear(self, text: str) -> bool:
        return any(re.search(rf"(?<![\w.-]){re.escape(name)}\.", text) for name in self.unclear)

    def _placed(self, flaw: Flaw, text: str) -> Flaw:
        """A result that exists elsewhere only is not unknown: the author is told where."""
        name = text[flaw.start : flaw.end].partition(".")[0]
        if name in self.later and name not in self.scope:
            return replace(self.later[name], start=flaw.start, end=flaw.end)
        return flaw
