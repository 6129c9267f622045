"""Conditions that are right but may surprise, found in their whole context and told at the text they stand in."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.conditions import Tree, warnings
from engine.source.problem import Flaw


@dataclass(frozen=True)
class Together:
    """Conditions that were read together: the whole tree, and each text with its own."""

    whole: Tree
    parts: tuple[tuple[str, Tree], ...]

    def doubts(self) -> Iterator[tuple[str, Flaw]]:
        """Each text with what may surprise in it; a line beside it that asks for the field's presence settles it."""
        standing = warnings(self.whole)
        return ((text, flaw) for text, tree in self.parts for flaw in warnings(tree) if flaw in standing)
