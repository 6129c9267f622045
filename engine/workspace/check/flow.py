"""The way through a playbook: steps that can never run, branches that are none, ids that stand twice."""

from itertools import pairwise

from engine.actions import ACTIONS
from engine.source.marks import Path
from engine.source.problem import Place
from engine.workspace.flow import Placed, ends
from engine.workspace.subject import Subject


def flow(subject: Subject) -> None:
    """Notes what no run can reach, and what one run could not tell apart."""
    _unreachable(subject, subject.steps)
    _ids(subject)
    for placed in subject.placed:
        if placed.verb == "choose":
            _branches(subject, placed)


def _unreachable(subject: Subject, steps: tuple[Placed, ...]) -> None:
    source = subject.draft.source
    for placed in steps:
        for block in placed.blocks:
            _unreachable(subject, block.steps)
    for placed, following in pairwise(steps):
        if ends(placed):
            at = source.key_place(following.key)
            why = (
                "`stop` ends the run here"
                if placed.verb == "stop"
                else f"every way through `{placed.verb}` ends the run"
            )
            point = Place(at.file, at.line, at.column)
            second = (source.key_place(placed.key), why)
            subject.draft.add(point, "unreachable", "this step can never run", second=second)
            return


def _ids(subject: Subject) -> None:
    first: dict[str, Path] = {}
    source = subject.draft.source
    for placed in subject.placed:
        if placed.given_id is None:
            continue
        path = (*placed.path, "id")
        if placed.given_id in first:
            text = f"two steps have the id `{placed.given_id}`"
            second = (source.place(first[placed.given_id]), "first written here")
            subject.draft.add(source.place(path), "duplicate-id", text, "choose another id", second=second)
        first.setdefault(placed.given_id, path)


def _branches(subject: Subject, placed: Placed) -> None:
    branches = subject.draft.source.at(placed.key)
    for number, branch in enumerate(branches if isinstance(branches, list) else []):
        path: Path = (*placed.key, number)
        if isinstance(branch, dict) and not subject.draft.is_broken(path, ("do", "else")):
            _branch(subject, path, set(branch), is_last=number == len(branches) - 1)


def _branch(subject: Subject, path: Path, keys: set[str], *, is_last: bool) -> None:
    source = subject.draft.source
    place = min((source.key_place((*path, key)) for key in keys), default=source.place(path))
    if keys not in ({"if", "do"}, {"else"}):
        verbs = keys & set(ACTIONS)
        helps = ("put the step below `do:`",) if verbs else ("write `if:` with `do:`, or `else:` alone",)
        subject.draft.add(place, "branch", "a branch is an `if` with its `do`, or an `else`", *helps)
    elif "else" in keys and not is_last:
        following = source.place((*path[:-1], int(path[-1]) + 1))
        text = "this branch can never run"
        subject.draft.add(
            following, "unreachable", text, "move `else` to the end", second=(place, "`else` takes all the others")
        )
