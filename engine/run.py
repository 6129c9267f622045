"""One run: a customer in a playbook, moved step by step until it has to wait or ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from engine.action import End, Enter, Hold, Move, Next
from engine.conditions import Tree, holds
from engine.deeds import Deeds
from engine.guards.holdout import held_out
from engine.times import local_instant

#: No playbook needs so many steps at one moment; a step that comes back to itself without a wait would.
_STEPS_AT_ONCE = 200

#: Events of the customer since a moment, by name: when, and the event's fields.
Happenings = Mapping[str, Sequence[tuple[datetime, Mapping[str, Any]]]]


@dataclass
class CustomerRun(Deeds):
    """The run that a step meets (see `engine.action.Run`), and the walk through its steps."""

    events: Happenings
    state: str = "running"
    reason: str | None = None
    resume_at: datetime | None = None
    step_since: datetime | None = None
    due_at: datetime | None = None

    # --- The walk ----------------------------------------------------------------------------------------------------

    def walk(self) -> None:
        """Moves the run as far as it goes now, and leaves its new place in the effects of the batch."""
        row = self.row
        self.results = dict(row["results"] or {})
        self.step_since = row["step_since"] or row["fired_at"]
        if row["step"] is None and self._held_out():
            self._end("held_out", None)
        else:
            self.step = self.playbook.steps.get(row["step"] or self.playbook.first or "")
            self.resume_at = row["resume_at"]
            self._steps()
        self.setting.effects.moves.append(self._place())

    def _held_out(self) -> bool:
        share = self.playbook.holdout
        if not share:
            return False
        if self.setting.control is not None:
            return self.setting.control(self.playbook.id, self.row["customer_id"])
        return held_out(self.playbook.id, self.row["customer_id"], share)

    def _steps(self) -> None:
        for _ in range(_STEPS_AT_ONCE):
            stopped = self._stopped()
            if stopped is not None:
                return self._end("stopped", stopped)
            if self.step is None:
                return self._end("done", None)
            if not self._take(self.step.action.run(self)):
                return None
        return self._end("failed", f"more than {_STEPS_AT_ONCE} steps at one moment")

    def _stopped(self) -> str | None:
        """The text of what ends the run now, if anything does. Events count from the occasion that began the run."""
        for stop in self.playbook.stop_when:
            if stop.event is not None:
                if self._since(stop.event, stop.where, self.row["fired_at"]):
                    return stop.text
            elif stop.condition is not None and self.holds(stop.condition):
                return stop.text
        return None

    def _take(self, move: Move) -> bool:
        """Makes a move. False where the run stands still or is over."""
        match move:
            case Hold(until):
                self.resume_at = self.due_at = until
                return until <= self.now
            case End(reason):
                self._end("stopped", reason)
                return False
            case Enter(block):
                self._go(self._inside(block))
            case Next():
                self._go(self.step.next if self.step else None)
        return True

    def _inside(self, block: int) -> str | None:
        if self.step is None:
            return None
        return self.step.blocks[block] or self.step.next

    def _go(self, step: str | None) -> None:
        if self.resume_at is not None:
            # The next step listens from the nominal end of the wait, however late the pass came.
            self.step_since = min(self.resume_at, self.now)
        self.resume_at = None
        self.step = self.playbook.steps[step] if step is not None else None

    def _end(self, state: str, reason: str | None) -> None:
        self.state, self.reason = state, reason

    def fail(self, reason: str) -> None:
        """Ends the run for a fault of its own, so that the others of the batch go on."""
        self._end("failed", reason)
        self.setting.effects.moves.append(self._place())

    def _place(self) -> dict[str, Any]:
        running = self.state == "running"
        listens = bool(self.playbook.stop_when) or (self.step is not None and self.step.action.listens)
        return {
            "id": self.row["id"],
            "state": self.state,
            "reason": self.reason,
            "step": self.step.id if self.step is not None else self.row["step"],
            "due_at": self.due_at if running and self.due_at is not None else self.now,
            "step_since": self.step_since,
            "resume_at": self.resume_at if running else None,
            "ended_at": None if running else self.now,
            "results": self.results or None,
            "listens": running and listens,
        }

    # --- What a step may ask ------------------------------------------------------------------------------------------

    def holds(self, condition: Tree) -> bool:
        """Whether a condition is true for the run's customer, event and results now."""
        setting = self.setting
        return holds(condition, self.record, self.now, setting.settings.zone, setting.segments)

    def happened(self, event: str, where: Tree | None) -> bool:
        """Whether such an event of the customer came since the step before this one was over."""
        # What came after the wait's end counts for a later step, however late the pass that sees both.
        return self._since(event, where, self.step_since or self.row["fired_at"], self.resume_at)

    def _since(self, event: str, where: Tree | None, since: datetime, until: datetime | None = None) -> bool:
        setting = self.setting
        return any(
            since < at <= (until or self.now)
            and (
                where is None
                or holds(where, {**self.record, "it": fields}, self.now, setting.settings.zone, setting.segments)
            )
            for at, fields in self.events.get(event, ())
        )

    def instant(self, scope: str, field: str) -> datetime | None:
        """A time of the customer, the event or a result; a date is its midnight in the customer's zone."""
        value = self.record.get(scope, {}).get(field)
        if isinstance(value, date) and not isinstance(value, datetime):
            return local_instant(value, time(0), self.zone)
        return value
