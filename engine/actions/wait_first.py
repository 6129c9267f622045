"""wait_first: waits for several things at once, and goes on with the first that comes."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar

from pydantic import Field

from engine.action import Action, Enter, Heard, Hold, Move, Run
from engine.blocks import Conditions, OfEvent, Steps
from engine.catalogue import Catalogue
from engine.catalogue import Field as Shown
from engine.clocks.times import LATEST
from engine.conditions import Tree
from engine.settings.declared import Declared
from engine.settings.literals import Name, Span, Text


class First(Declared):
    """One of the things that may come first: an `event`, conditions (`when`), or the end of a time (`after`)."""

    event: Text | None = Field(default=None, description="An event of the customer, as the catalogue names it.")
    where: OfEvent | None = Field(default=None, description="Which of these events; its fields are `it.*`.")
    result: Name | None = Field(default=None, alias="as", description="Name under which the steps of `do` find it.")
    when: Conditions | None = Field(default=None, description="All of these hold.")
    after: Span | None = Field(default=None, description="So much time has passed: `3 days`, `2 working days`.")
    do: Steps | None = Field(default=None, description="Steps for when this comes first.")


class WaitFirst(Action):
    """Waits for the first of several things; of two at the same moment the upper one counts.

    An event counts from when it happened, a condition from when a pass sees that it holds: at once after a change of
    the customer or an event of his, when a time that it compares with a field is reached, and when a voucher lapses whose
    state it asks for; a metric over a window is looked at again every six hours.
    """

    verb: ClassVar[str] = "wait_first"
    listens: ClassVar[bool] = True

    wait_first: tuple[First, ...] = Field(min_length=2, description="What is waited for, each with its steps.")

    def conditions(self) -> tuple[Tree, ...]:
        return tuple(tree for one in self.wait_first for tree in (one.where, one.when) if tree is not None)

    def events(self) -> tuple[str, ...]:
        return tuple(one.event for one in self.wait_first if one.event is not None)

    def makes(self, catalogue: Catalogue) -> Mapping[str, Mapping[str, Shown]]:
        named = ((one.result, one.event) for one in self.wait_first if one.result and one.event in catalogue.events)
        return {name: catalogue.events[event].fields for name, event in named if name and event}

    def forks(self) -> tuple[str, ...]:
        return tuple(f"`{one.event or one.when or f'after {one.after}'}`" for one in self.wait_first)

    def run(self, run: Run) -> Move:
        end = run.resume_at or next((run.later(one.after) for one in self.wait_first if one.after is not None), LATEST)
        come = min(self._come(run, end), key=lambda one: one[:2], default=None)
        if come is None:
            looks = [run.turns_at(one.when) for one in self.wait_first if one.when is not None]
            return Hold(end, min((at for at in looks if at is not None), default=None))
        at, number, heard = come
        if heard is not None:
            run.keep_event(self.wait_first[number].result, heard)
        return Enter(number, at)

    def _come(self, run: Run, end: datetime) -> Iterator[tuple[datetime, int, Heard | None]]:
        """What has come by now: when, and which."""
        for number, one in enumerate(self.wait_first):
            if one.event is not None:
                heard = run.first(one.event, one.where)
                if heard is not None:
                    yield heard.at, number, heard
            elif one.when is not None:
                if run.holds(one.when):
                    yield run.now, number, None
            elif end <= run.now:
                yield end, number, None
