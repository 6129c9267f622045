"""One run: a customer in a playbook, moved step by step until it has to wait or ends."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from engine.action import Action, End, Enter, Heard, Hold, Move, Next, Stand
from engine.clocks.times import LATEST, local_instant
from engine.conditions import LOOK_AGAIN, Tree
from engine.guards.holdout import held_out
from engine.runs.duties import Duties
from engine.runs.known import Known
from engine.runs.rewards import Rewards

#: No playbook needs so many steps at one moment; a step that comes back to itself without a wait would.
_STEPS_AT_ONCE = 200


@dataclass
class CustomerRun(Rewards, Duties):
    """The run that a step meets (see `engine.action.Run`), and the walk through its steps."""

    known: Known
    state: str = "running"
    reason: str | None = None
    resume_at: datetime | None = None
    step_since: datetime | None = None
    due_at: datetime | None = None
    suspended_at: datetime | None = None

    # --- The walk ----------------------------------------------------------------------------------------------------

    def walk(self) -> None:
        """Moves the run as far as it goes now, and leaves its new place in the effects of the batch."""
        row = self.row
        self.results, self.rounds = dict(row["results"] or {}), dict(row["rounds"] or {})
        self.iteration, self.suspended_at = row["iteration"], row["suspended_at"]
        self.step_since = row["step_since"] or row["fired_at"]
        # A run that stood still for want of something (a reason is on record) is not late for it: else the letter about a
        # voucher that had to be waited for would never go.
        self.nominal = self.now if row["reason"] is not None else self.step_since
        if row["step"] is None and row["admitted_at"] is not None:
            self.put_off = row["admitted_at"] - row["entered_at"]
        planned = len(self.setting.effects.messages)
        if self._collects():
            pass  # further events may still join
        elif row["step"] is None and self._held_out():
            self._end("held_out", None)
        else:
            self.step = self.playbook.steps.get(row["step"] or self.playbook.first or "")
            self.resume_at = row["resume_at"]
            self._steps()
        self.rungs.settle(self.setting.effects.messages, planned)
        if (ration := self.setting.rations.get(self.playbook.id)) is not None:
            ration.hand_out(self.setting.effects.messages, planned)
        self.setting.effects.moves.append(self._place())

    def _collects(self) -> bool:
        """Whether the run still gathers events before its first step; what ends it, ends it meanwhile too."""
        until = self.row["collect_until"]
        if self.row["step"] is not None or until is None or until <= self.now:
            return False
        self.due_at, stopped = until, self.known.stopped()
        if stopped is not None:
            self._end("stopped", stopped)
        return True

    def _held_out(self) -> bool:
        share = self.playbook.holdout
        if not share:
            return False
        if self.setting.control is not None:
            return self.setting.control(self.playbook.id, self.row["customer_id"])
        return held_out(self.playbook.salt, self.row["customer_id"], share)

    def _steps(self) -> None:
        for _ in range(_STEPS_AT_ONCE):
            stopped = self.known.stopped()
            if stopped is not None:
                return self._end("stopped", stopped)
            if self.step is None:
                return self._end("done", None)
            if self._suspended():
                return None
            if not self._take(self._ration_spent() or self._act(self.step.action)):
                return None
        return self._end("failed", f"more than {_STEPS_AT_ONCE} steps at one moment")

    def _ration_spent(self) -> End | None:
        """The end of a run whose next step gives what the playbook's quota leaves nothing of."""
        ration = self.setting.rations.get(self.playbook.id)
        spent = ration is not None and self.step is not None and ration.spent_on(self.step.action.counts)
        return End(ration.quota.reached) if ration is not None and spent else None

    def _act(self, action: Action) -> Move:
        """Does the step; the vouchers that it gives are counted."""
        given = self.setting.effects.vouchers
        before, ration = len(given), self.setting.rations.get(self.playbook.id)
        move = action.run(self)
        if ration is not None and ration.quota.what == action.counts:
            ration.take(len(given) - before)
        return move

    def _suspended(self) -> bool:
        """Whether the run stands still now, whatever it waits for; when that is over, its wait is moved on.

        That is the wait of a length. A step that waits for a date finds its moment anew, which the standstill has not moved.
        """
        condition = self.playbook.suspend_while
        if condition is not None and self.holds(condition):
            self.suspended_at = self.suspended_at or self.now
            self.due_at = self._suspends() or LATEST
            return True
        if self.suspended_at is not None:
            stood = self.now - self.suspended_at
            self.nominal += stood
            if self.resume_at is not None:
                self.resume_at = min(self.resume_at, LATEST - stood) + stood
            self.setting.effects.released[self.row["id"]] = stood
            self.suspended_at = None
        return False

    def _suspends(self) -> datetime | None:
        """When time alone may next begin a standstill, or end it."""
        condition = self.playbook.suspend_while
        return None if condition is None else self.turns_at(condition)

    def _take(self, move: Move) -> bool:
        """Makes a move. False where the run stands still or is over."""
        match move:
            case Hold(until, look_at):
                self.resume_at = until
                looks = (until, look_at, self._unheard(), self._suspends())
                self.due_at = min(at for at in looks if at is not None)
                return until <= self.now
            case End(reason):
                self._end("stopped", reason)
                return False
            case Stand(reason, until):
                self.reason, self.due_at = reason, until
                return False
            case Enter(block, since):
                if self.step is not None and self.step.action.repeats:
                    self.begin_round()
                self._go(self._inside(block), since)
            case Next():
                self.end_rounds()
                self._go(self.step.next if self.step else None)
        return True

    def _inside(self, block: int) -> str | None:
        if self.step is None:
            return None
        return self.step.blocks[block] or self.step.next

    def _go(self, step: str | None, since: datetime | None = None) -> None:
        over = since or self.resume_at
        if over is not None:
            # The next step listens from the nominal end of the wait, however late the pass came; and never from before
            # this one began, though the end may lie there for somebody who joins midway.
            self.nominal = min(over, self.now)
            self.step_since = max(self.nominal, self.step_since or self.nominal)
        self.resume_at = None
        self.step = self.playbook.steps[step] if step is not None else None

    def _end(self, state: str, reason: str | None) -> None:
        self.state, self.reason = state, reason

    def _place(self) -> dict[str, Any]:
        running = self.state == "running"
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
            "iteration": self.iteration,
            "rounds": self.rounds or None,
            "suspended_at": self.suspended_at if running else None,
            "listens": running and (self.playbook.listens or self._hears()),
        }

    def _hears(self) -> bool:
        """Whether an event of the customer, or a change of what is known of him, concerns the present step."""
        if self.step is None:
            return False
        action = self.step.action
        return action.listens or any(self._may_come(scope, name) for scope, name in action.moments())

    def _may_come(self, scope: str, name: str) -> bool:
        """Whether a date may change so that its moment is nearer than it was: the customer's own, and one that is missing.
        What has happened stays as it is; the end of a voucher is only put off, which the run finds when it looks."""
        return scope == "customer" or self.instant(scope, name) is None

    def _unheard(self) -> datetime | None:
        """When to look again at dates of which nobody hears that they have changed: their store does not number that."""
        catalogue = self.setting.catalogue
        record = self.playbook.trigger.origin.record_in(catalogue)
        kept = {"customer": catalogue.fields, **({record.name: record.fields} if record is not None else {})}
        moments = self.step.action.moments() if self.step is not None else ()
        silent = any(scope in kept and catalogue.position_of(kept[scope][name]) is None for scope, name in moments)
        return self.now + LOOK_AGAIN if silent else None

    # --- What a step may ask ------------------------------------------------------------------------------------------

    def holds(self, condition: Tree) -> bool:
        """Whether a condition is true for the run's customer, event and results now."""
        return self.known.holds(condition)

    def first(self, event: str, where: Tree | None) -> Heard | None:
        """The first such event of the customer since the step before this one was over, and before the wait is."""
        # What came after the wait's end counts for a later step, however late the pass that sees both.
        return self.known.heard(event, where, self.step_since or self.row["fired_at"], self.resume_at)

    def instant(self, scope: str, field: str) -> datetime | None:
        """A time of the customer, the event or a result; a date is its midnight in the customer's zone."""
        value = self.record.get(scope, {}).get(field)
        if isinstance(value, date) and not isinstance(value, datetime):
            return local_instant(value, time(0), self.zone)
        return value
