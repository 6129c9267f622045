"""Conditions where they stand in a file: the words that exist there, and lists and blocks that become one tree."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.catalogue import Event
from engine.conditions import Flawed, Tree, all_of, any_of, read
from engine.source.marks import Path
from engine.source.near import suggest
from engine.source.problem import Flaw
from engine.workspace.doubts import Together
from engine.workspace.results import Scope

_Flaws = list[tuple[Path, Flaw]]
_Parts = list[tuple[str, Tree]]

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
    seen: list[Together] = field(default_factory=list)  # everything that was read
    events: Mapping[str, Event] = field(default_factory=dict)  # those that a step may wait for

    def of_event(self, event: str | None) -> "Reading":
        """The same where the fields of that event are `it.*`."""
        known = self.events.get(event or "")
        scope = {**self.scope, "it": known.fields if known else {}}
        return replace(self, scope=scope, unclear=self.unclear if known else self.unclear | {"it"})

    def conditions(self, raw: Any) -> Tree:
        """The tree of what an author wrote. Raises `FlawedAt`."""
        if self.by_name and isinstance(raw, str) and _SEGMENT.fullmatch(raw.strip()):
            return self._named(raw)
        flaws: _Flaws = []
        parts: _Parts = []
        tree = self._read(raw, (), flaws, parts)
        if tree is None:
            raise FlawedAt(flaws)
        self.seen.append(Together(tree, tuple(parts)))
        return tree

    def _named(self, raw: str) -> Tree:
        name = raw.strip()
        if name in self.segments:
            return self.segments[name]
        flaws: _Flaws = []
        if name not in self.names:
            helps = suggest(name, self.names, "segments") or (f"write it into segments/{name}.yaml",)
            flaws.append(((), Flaw(0, len(raw), "unknown-segment", f"there is no segment `{name}`", helps)))
        raise FlawedAt(flaws)

    def _read(self, raw: Any, path: Path, flaws: _Flaws, parts: _Parts) -> Tree | None:
        if isinstance(raw, list):
            return self._each(raw, path, flaws, parts)
        if isinstance(raw, dict):
            word = next(iter(raw), "all")
            inner = raw.get(word)
            return self._each(inner if isinstance(inner, list) else [inner], (*path, word), flaws, parts)
        return self._text(raw or "", path, flaws, parts)

    def _each(self, raw: list[Any], path: Path, flaws: _Flaws, parts: _Parts) -> Tree | None:
        trees = [self._read(one, (*path, number), flaws, parts) for number, one in enumerate(raw)]
        sound = [tree for tree in trees if tree is not None]
        if not sound or len(sound) < len(trees):
            return None
        return any_of(sound) if path[-1:] == ("any",) else all_of(sound)

    def _text(self, text: str, path: Path, flaws: _Flaws, parts: _Parts) -> Tree | None:
        try:
            tree = read(text, self.scope, self.names, self.currency)
        except Flawed as error:
            flaws.extend((path, self._placed(flaw, text)) for flaw in error.flaws if not self._is_unclear(text))
            return None
        parts.append((text, tree))
        return tree

    def _is_unclear(self, text: str) -> bool:
        return any(re.search(rf"(?<![\w.-]){re.escape(name)}\.", text) for name in self.unclear)

    def _placed(self, flaw: Flaw, text: str) -> Flaw:
        """A result that exists elsewhere only is not unknown: the author is told where."""
        name = text[flaw.start : flaw.end].partition(".")[0]
        if name in self.later and name not in self.scope:
            return replace(self.later[name], start=flaw.start, end=flaw.end)
        return flaw
