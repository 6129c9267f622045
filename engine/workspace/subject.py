"""A playbook under examination: all that the rules of the check look at."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.action import Action
from engine.actions.series import Series
from engine.conditions import Tree
from engine.sends import Saying
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
    condition: Tree | None
    steps: tuple[Placed, ...]
    stops: tuple[Stop, ...]
    suspended: Tree | None
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
            if isinstance(placed.action, Series):
                yield from ((placed, message) for message in self.known.series.get(placed.action.series, ()))
            elif isinstance(placed.action, Saying):
                yield placed, placed.action.said()
            elif placed.action is not None:
                yield from ((placed, message) for message in placed.action.notices())

    def ways_of(self, action: Action | None, message: str) -> tuple[str, ...]:
        """The channels by which a step may say it: its own, else those of the settings that the message has words for."""
        if not isinstance(action, Saying | Series):
            return ("email",)
        texts = self.known.messages.get(message, {}).values()
        usable = self.known.settings.channels.personal
        return action.ways() or tuple(one for one in usable if any(text.speaks(one) for text in texts))

    def series_of(self, action: Series) -> tuple[str, ...]:
        """The messages of a step's series."""
        return tuple(self.known.series.get(action.series, ()))

    @property
    def series(self) -> frozenset[str]:
        """The series that its steps send from."""
        actions = (placed.action for placed in self.placed)
        return frozenset(action.series for action in actions if isinstance(action, Series))

    def written(self, *path: str | int) -> Path | None:
        """A path of the file, if something single stands there."""
        mark = self.draft.source.marks.get(path)
        return path if mark is not None and mark.raw else None
