"""One run: a customer in a playbook, moved step by step until it has to wait or ends."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from engine.action import End, Enter, Hold, Move, Next
from engine.conditions import Tree, holds
from engine.effects import Effects
from engine.guards.holdout import held_out
from engine.settings import Settings, Voucher
from engine.times import local_instant
from engine.workspace.playbook import Playbook, Step

#: Without `0 O 1 I L`, which people confuse when they read a code aloud.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LETTERS = 10
#: No playbook needs so many steps at one moment; a step that comes back to itself without a wait would.
_STEPS_AT_ONCE = 200

#: Events of the customer since a moment, by name: when, and the event's fields.
Happenings = Mapping[str, Sequence[tuple[datetime, Mapping[str, Any]]]]


def random_code() -> str:
    """Ten letters and digits from the system's source of randomness: 49 bits that nobody guesses."""
    number = secrets.randbelow(
        len(_ALPHABET) ** _LETTERS
    )  # once for all letters: asking for each takes ten times as long
    return "".join(_ALPHABET[number // len(_ALPHABET) ** place % len(_ALPHABET)] for place in range(_LETTERS))


@dataclass(frozen=True)
class Setting:
    """What all runs of a batch share."""

    settings: Settings
    segments: Mapping[str, Tree]
    voucher_kinds: Mapping[str, Voucher]
    now: datetime
    effects: Effects
    new_code: Callable[[], str] = random_code
    control: Callable[[str, str], bool] | None = None  # who is held out, where a test decides it


@dataclass
class CustomerRun:
    """The run that a step meets (see `engine.action.Run`), and the walk through its steps."""

    setting: Setting
    playbook: Playbook
    row: Mapping[str, Any]  # of the enrolments
    record: dict[str, dict[str, Any]]
    events: Happenings
    zone: ZoneInfo
    state: str = "running"
    reason: str | None = None
    step: Step | None = None
    resume_at: datetime | None = None
    step_since: datetime | None = None
    due_at: datetime | None = None
    results: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The instant of the pass."""
        return self.setting.now

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

    # --- What a step may do -------------------------------------------------------------------------------------------

    def _key(self) -> dict[str, Any]:
        step = self.step.id if self.step is not None else ""
        return {"enrolment_id": self.row["id"], "step": step, "iteration": self.row["iteration"]}

    def plan_message(self, channel: str, message: str) -> None:
        """Puts a message into the outbox, for the first moment at which it may go."""
        playbook, limits = self.playbook, self.setting.settings.limits
        marketing = playbook.purpose == "marketing"
        window = playbook.send_window or (limits.send_window if marketing else None)
        due_at = window.opening(self.now, self.zone) if window else self.now
        self.setting.effects.messages.append(
            {
                **self._key(),
                "playbook": playbook.id,
                "revision": playbook.revision,
                "customer_id": self.row["customer_id"],
                "channel": channel,
                "message": message,
                "purpose": playbook.purpose,
                "topic": playbook.topic,
                "state": "planned",
                "planned_at": self.now,
                "due_at": due_at,
                "expires_at": limits.catch_up.after(due_at, self.zone),
            }
        )

    def issue_voucher(self, kind: str, name: str | None, expires_at: datetime | None) -> None:
        """Issues a voucher of a declared kind, with a code of its own; `name` keeps it as a result."""
        code = self.setting.voucher_kinds[kind].code.replace("{random}", self.setting.new_code())
        shown = {
            "code": code, "kind": kind, "state": "issued",
            "issued_at": self.now, "expires_at": expires_at, "redeemed_at": None,
        }  # fmt: skip
        self.setting.effects.vouchers.append({**self._key(), **shown, "customer_id": self.row["customer_id"]})
        if name is not None:
            self.record[name] = shown
            self.results[name] = code

    def put_tag(self, tag: str) -> None:
        """Puts a tag on the customer."""
        self._tag(tag, put=True)

    def take_tag(self, tag: str) -> None:
        """Takes a tag off the customer."""
        self._tag(tag, put=False)

    def _tag(self, tag: str, *, put: bool) -> None:
        self.setting.effects.tags[self.row["customer_id"], tag] = put
        customer = self.record["customer"]
        if "tags" in customer:
            others = {one for one in customer["tags"] or () if one != tag}
            customer["tags"] = tuple(sorted(others | {tag} if put else others))

    def open_task(self, task: str, assignee: str | None, due_at: datetime | None) -> None:
        """Opens a task for staff."""
        self.setting.effects.tasks.append(
            {
                **self._key(),
                "task": task,
                "customer_id": self.row["customer_id"],
                "assignee": assignee,
                "created_at": self.now,
                "due_at": due_at,
            }
        )
