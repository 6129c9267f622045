"""Presence: a step that waits for a date which can be missing stands still until it is there, of which the author is told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.actions.choose import Choose
from engine.actions.set import SetField
from engine.actions.task import GiveTask
from engine.actions.wait_first import WaitFirst
from engine.actions.wait_until import WaitUntil
from engine.conditions import Tree
from engine.conditions.words import asked_for
from engine.triggers.anniversary import Anniversary
from engine.triggers.date import DateTrigger
from engine.triggers.enters import Enters
from engine.triggers.event import EventTrigger
from engine.workspace.flow import Placed, is_complete
from engine.workspace.subject import Subject

#: What is surely there, as scope and field.
There = frozenset[tuple[str, str]]


def presence(subject: Subject) -> None:
    """Warns of waits for dates that can be missing, where nothing before them asks for them."""
    walk = _Walk(subject)
    walk.through(subject.steps, walk.at_the_beginning())


@dataclass(frozen=True)
class _Walk:
    """The way through the steps, with what is surely there at each."""

    subject: Subject

    def at_the_beginning(self) -> There:
        trigger, stops = self.subject.trigger, self.subject.stops
        there = self._asked(self.subject.condition)
        for stop in stops:  # where it holds, the run is over
            there |= self._asked(stop.condition, denied=True)
        if isinstance(trigger, DateTrigger | Anniversary):
            scope, _, name = (trigger.date if isinstance(trigger, DateTrigger) else trigger.anniversary).partition(".")
            there |= {(scope, name)}
        if isinstance(trigger, DateTrigger | EventTrigger):
            there |= self._asked(trigger.where)
        return there | self._asked(trigger.enters) if isinstance(trigger, Enters) else there

    def through(self, steps: Iterable[Placed], there: There) -> There | None:
        """What is there after these steps; None where no run comes that far."""
        for placed in steps:
            if placed.verb == "stop":
                return None
            there = self._after(placed, there)
            if placed.blocks:
                left = [one for one in self._ways(placed, there) if one is not None]
                if not left:
                    return None
                there = left[0].intersection(*left[1:])
        return there

    def _after(self, placed: Placed, there: There) -> There:
        action = placed.action
        if isinstance(action, WaitUntil):
            at = (action.wait_until.scope, action.wait_until.field)
            if at not in there:
                self._look(placed, action)
            return there | {at}
        if isinstance(action, SetField):
            written = frozenset({("customer", action.field)})
            return there - written if action.to == "empty" else there | written
        if isinstance(action, GiveTask) and action.result is not None and (action.due or action.days):
            return there | {(action.result, "due_at")}
        return there

    def _ways(self, placed: Placed, there: There) -> Iterator[There | None]:
        """What is there behind each block, and behind the step where no block need run."""
        action = placed.action
        for number, block in enumerate(placed.blocks):
            asked: Tree | None = None
            if isinstance(action, Choose):
                asked = action.choose[number].when
            elif isinstance(action, WaitFirst):
                asked = action.wait_first[number].when
            yield self.through(block.steps, there | self._asked(asked))
            if isinstance(action, Choose):
                there |= self._asked(asked, denied=True)  # for the branches below
        if not is_complete(placed):
            yield there

    def _asked(self, tree: Tree | None, *, denied: bool = False) -> There:
        if tree is None:
            return frozenset()
        mentions = asked_for(tree, self.subject.room.segments, denied=denied)
        return frozenset((one.scope, one.field.name) for one in mentions)

    def _look(self, placed: Placed, action: WaitUntil) -> None:
        moment, draft, room = action.wait_until, self.subject.draft, self.subject.room
        result = placed.results.get(moment.scope)
        if result is not None and (not result.clear or moment.field == "expires_at"):
            return  # a voucher without an end is told of where moments are looked at
        known = (result.fields() if result is not None else room.scope.get(moment.scope, {})).get(moment.field)
        if known is None or known.required or moment.scope in room.unclear:
            return
        name = f"{moment.scope}.{moment.field}"
        raw = draft.source.raw(placed.key)
        place = draft.source.within(placed.key, raw.rfind(" ") + 1, len(raw))
        text = f"`{name}` can be missing; this step then waits until it is there"
        draft.warn(place, "may-never-come", text, f"ask for it before, as in  - if: {name} is not empty")
