"""From the steps as they stand in a file to the steps of a playbook: each under its id, with what follows it."""

import re
from itertools import count, zip_longest

from engine.action import Action
from engine.source.marks import Path
from engine.workspace.flow import Placed, everything
from engine.workspace.playbook import Step
from engine.workspace.reading import Draft

_LONGEST_ID = 60


def link(steps: tuple[Placed, ...], draft: Draft) -> dict[str, Step]:
    """The steps by id, each with what follows it."""
    ids = step_ids(steps)
    linked: dict[str, Step] = {}

    def follow(block: tuple[Placed, ...], after: str | None) -> str | None:
        for placed, following in zip_longest(block, block[1:]):
            following_id = ids[following.path] if following else after
            one = Step(
                id=ids[placed.path],
                action=_sure(placed.action),
                line=draft.source.key_place(placed.key).line,
                text=placed.text,
                next=following_id,
                blocks=tuple(ids[inner.steps[0].path] if inner.steps else None for inner in placed.blocks),
            )
            linked[one.id] = one
            for inner in placed.blocks:
                follow(inner.steps, one.id if one.action.repeats else following_id)
        return ids[block[0].path] if block else after

    follow(steps, None)
    return linked


def _sure(action: Action | None) -> Action:
    if action is None:
        raise ValueError("a step with a mistake has no place in a playbook")
    return action


def step_ids(steps: tuple[Placed, ...]) -> dict[Path, str]:
    """The id of each step by its path: as given, or made of its verb and value."""
    """The id of each step, as given or made of its verb and value."""
    taken = {placed.given_id for placed in everything(steps) if placed.given_id}
    ids: dict[Path, str] = {}
    for placed in everything(steps):
        base = re.sub(r"[^a-z0-9]+", "-", placed.text.lower()).strip("-")[:_LONGEST_ID].rstrip("-") or placed.verb
        tries = (base if number == 1 else f"{base}-{number}" for number in count(1))
        ids[placed.path] = placed.given_id or next(one for one in tries if one not in taken)
        taken.add(ids[placed.path])
    return ids
