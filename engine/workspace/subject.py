"""A playbook under examination: all that the rules of the check look at."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.source.marks import Path
from engine.trigger import Trigger
from engine.workspace.flow import Placed, everything
from engine.workspace.known import Known
from engine.workspace.playbook import Goal, Stop
from engine.workspace.reading import Draft
from engine.workspace.results import Result
from engine.workspace.rooms import Room


@dataclass(frozen=True)
class Subject:
    """One playbook's file with what could be read of it; what could not is None or left out."""

    draft: Draft
    known: Known
    room: Room
    trigger: Trigger | None
    steps: tuple[Placed, ...]
    stops: tuple[Stop, ...]
    goal: Goal | None
    made: dict[str, Result]

    @property
    def placed(self) -> Iterator[Placed]:
        """All steps, each before those inside it."""
        return everything(self.steps)

    @property
    def mails(self) -> Iterator[tuple[Placed, str]]:
        """The steps that send a message, with its id."""
        for placed in self.placed:
            if placed.action is not None and hasattr(type(placed.action), "channel"):
                yield placed, str(getattr(placed.action, placed.verb))

    def written(self, *path: str | int) -> Path | None:
        """A path of the file, if something single stands there."""
        mark = self.draft.source.marks.get(path)
        return path if mark is not None and mark.raw else None
