"""Certainty: conditions that can never hold or always do, and branches that others above them leave nothing for."""

from collections.abc import Iterator, Sequence

from engine.actions.choose import Choose
from engine.actions.repeat import Repeat
from engine.actions.wait_first import WaitFirst
from engine.actions.wait_for import WaitFor
from engine.conditions import Not, Tree, all_of, always, never
from engine.source.marks import Path
from engine.source.problem import Place
from engine.workspace.flow import Placed
from engine.workspace.reading import Draft
from engine.workspace.subject import Subject

#: Conditions where they stand, and what follows where they can never hold.
_Standing = Iterator[tuple[Path, Tree | None, str]]
_NO_EVENT = "no event ever fits this"


def certain(subject: Subject) -> None:
    """Notes conditions whose answer is known before anybody is looked at."""
    for path, tree, so in (*_beginning(subject), *_meanwhile(subject), *_of_steps(subject)):
        never_held(subject.draft, path, tree, so)
    for path, tree, so in _lasting(subject):
        reason = always(tree) if tree is not None else None
        if reason is not None:
            place, text = _place(subject.draft, path), f"{so}: {reason}"
            subject.draft.add(place, "always-true", text, "change the conditions, or leave them out")
    for placed in subject.placed:
        if isinstance(placed.action, WaitFirst):
            _branches(subject, placed, [one.when for one in placed.action.wait_first], "when")
        elif isinstance(placed.action, Choose):
            _branches(subject, placed, [one.when for one in placed.action.choose], "if")


def never_held(draft: Draft, path: Path, tree: Tree | None, so: str) -> None:
    """Notes conditions that can never hold, and what follows from that."""
    reason = never(tree) if tree is not None else None
    if reason is not None:
        draft.add(_place(draft, path), "never-true", f"{so}: {reason}", "change the conditions, or leave them out")


def _place(draft: Draft, path: Path) -> Place:
    return draft.source.place(path) if isinstance(path[-1], int) else draft.source.key_place(path)


# --- Where conditions stand ------------------------------------------------------------------------------------------


def _beginning(subject: Subject) -> _Standing:
    trigger, so = subject.trigger, "this playbook never begins"
    if trigger is not None:
        yield ("when", trigger.word), trigger.audience, so
        yield ("when", "where"), getattr(trigger, "where", None), so
    yield ("if",), subject.condition, so


def _meanwhile(subject: Subject) -> _Standing:
    yield ("suspend_while",), subject.suspended, "no run ever stands still by this"
    for path, tree, awaited in _stops(subject):
        yield path, tree, _NO_EVENT if awaited else "this never ends a run"
    if subject.goal is not None:
        yield ("goal", "where"), subject.goal.where, "the goal is never reached"


def _of_steps(subject: Subject) -> _Standing:
    for placed in subject.placed:
        if isinstance(placed.action, Repeat):
            yield (*placed.path, "until"), placed.action.until, "this never ends the rounds"
        elif isinstance(placed.action, WaitFor):
            yield (*placed.path, "where"), placed.action.where, _NO_EVENT
        elif isinstance(placed.action, WaitFirst):
            for number, one in enumerate(placed.action.wait_first):
                yield (*placed.key, number, "where"), one.where, _NO_EVENT


def _lasting(subject: Subject) -> _Standing:
    """Conditions after which nothing happens, as long as they hold."""
    yield ("suspend_while",), subject.suspended, "every run stands still for ever"
    for path, tree, awaited in _stops(subject):
        if not awaited:
            yield path, tree, "every run ends before its first step"


def _stops(subject: Subject) -> Iterator[tuple[Path, Tree | None, bool]]:
    """Each line of `stop_when`, and whether it waits for an event."""
    written = subject.draft.source.data.get("stop_when")
    paths: list[Path] = [("stop_when",)]
    if isinstance(written, list):
        paths = [("stop_when", number) for number in range(len(written))]
    if len(paths) == len(subject.stops):  # else one of them was a mistake
        for path, stop in zip(paths, subject.stops, strict=True):
            awaited = stop.event is not None
            yield ((*path, "where"), stop.where, awaited) if awaited else (path, stop.condition, awaited)


# --- Branches --------------------------------------------------------------------------------------------------------


def _branches(subject: Subject, placed: Placed, conditions: Sequence[Tree | None], key: str) -> None:
    """A condition that contradicts itself, or that earlier branches have taken already."""
    source = subject.draft.source
    above: list[tuple[Path, Tree]] = []
    for number, tree in enumerate(conditions):
        path: Path = (*placed.key, number, key)
        if tree is None:
            continue
        so, second = never(tree), None
        if so is None and (wider := _taken(tree, above)) is not None:
            same = str(above[wider][1]) == str(tree)
            so = "one above it asks the same" if same else "one above it takes all of these"
            second = (source.key_place(above[wider][0]), f"this branch {'asks the same' if same else 'takes them'}")
        elif so is None and above and never(all_of([tree, *(Not(one) for _, one in above)])) is not None:
            so = "those above it take all of these"
        if so is not None:
            text = f"this branch is never taken: {so}"
            helps = "change the conditions, or take the branch out"
            subject.draft.add(source.key_place(path), "never-true", text, helps, second=second)
        else:
            above.append((path, tree))


def _taken(tree: Tree, above: list[tuple[Path, Tree]]) -> int | None:
    """The number of the first branch above that holds wherever this one does."""
    wide = (number for number, (_, one) in enumerate(above) if never(all_of([tree, Not(one)])) is not None)
    return next(wide, None)
