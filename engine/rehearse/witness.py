"""Eyes on a playbook: each step tells when a run passed it and where it went, while the real engine moves it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from engine.action import Action, Move, Run
from engine.workspace.playbook import Playbook


@dataclass(frozen=True)
class Visit:
    """A run at a step: when, and the move that the step answered with."""

    enrolment: int
    step: str
    at: datetime
    move: Move
    customer: str = ""


@dataclass
class Trace:
    """All visits, in order."""

    visits: list[Visit] = field(default_factory=list)

    def before(self, enrolment: int, step: str, at: datetime) -> Iterator[Visit]:
        """The visits of a run up to that step at that instant, the latest first."""
        mine = [visit for visit in self.visits if visit.enrolment == enrolment and visit.at <= at]
        last = max((number for number, visit in enumerate(mine) if visit.step == step), default=len(mine) - 1)
        return reversed(mine[: last + 1])


class _Witness:
    """Stands in for an action, and is that action in everything else."""

    def __init__(self, step: str, action: Action, trace: Trace) -> None:
        self._step, self._action, self._trace = step, action, trace

    def run(self, run: Run) -> Move:
        """Runs the action and notes the visit."""
        move = self._action.run(run)
        row: Mapping[str, Any] = run.row  # type: ignore[attr-defined]  # of the engine's own runs
        self._trace.visits.append(Visit(row["id"], self._step, run.now, move, row["customer_id"]))
        return move

    def __getattr__(self, name: str) -> Any:
        return getattr(self._action, name)


def witnessed(playbook: Playbook, trace: Trace) -> Playbook:
    """The same playbook, its steps watched; its revision stays what it is."""
    steps = {
        name: replace(step, action=cast(Action, _Witness(name, step.action, trace)))
        for name, step in playbook.steps.items()
    }
    return replace(playbook, steps=steps)
