"""Lateness: what becomes of a message that comes too late, after a standstill or for somebody who joins midway."""

from collections.abc import Mapping, MutableSequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.clocks.times import Length
from engine.settings.change import Change, Late

TOO_LATE = "it would come too late"
OVERTAKEN = "a later one goes in its place"

_KEY = ("enrolment_id", "step", "iteration")


@dataclass(frozen=True)
class Lateness:
    """The rule for one message: what its step says, else its playbook, else the shop."""

    late: Late
    longest: Length
    said: bool = False  # by the author, and not by the settings

    @classmethod
    def of(cls, step: object, playbook: Change, catch_up: Length) -> "Lateness":
        """The nearest word stands; `step` is the action, which may have words of its own."""
        late: Late = getattr(step, "late", None) or playbook.late
        longest = getattr(step, "max_lateness", None) or playbook.max_lateness
        return cls(late, longest or catch_up, longest is not None)


@dataclass(frozen=True)
class Moment:
    """When a message was due, and when it can go now; time that it spends waiting for its send window is not lateness."""

    nominal: datetime  # the end of the wait before its step, or the occasion
    was_due: datetime  # when the send window was open then
    now: datetime
    due: datetime  # when the send window is open now
    zone: ZoneInfo


@dataclass
class Rungs:
    """The messages that one run plans in one walk; of those that are late together, all but the latest may be too many."""

    _late: dict[tuple[Any, ...], datetime] = field(default_factory=dict)  # of which only the latest goes
    _newest: datetime | None = None

    def timed(self, rule: Lateness, key: Mapping[str, Any], at: Moment) -> dict[str, Any]:
        """What the outbox is to say of a message: its state, when it is due and until when it may go."""
        over = rule.longest.after(at.was_due, at.zone)
        self._newest = max(self._newest or at.nominal, at.nominal)
        if at.now < over:
            until = None if rule.late == "send" else over
            return {"state": "planned", "reason": None, "due_at": at.due, "expires_at": until}
        if rule.late == "skip":
            return {"state": "expired", "reason": TOO_LATE, "due_at": at.now, "expires_at": over}
        if rule.late == "send":
            return {"state": "planned", "reason": None, "due_at": at.due, "expires_at": None}
        self._late[tuple(key[name] for name in _KEY)] = at.nominal
        until = rule.longest.after(at.due, at.zone)
        return {"state": "planned", "reason": None, "due_at": at.due, "expires_at": until}

    def settle(self, messages: MutableSequence[Mapping[str, Any]], since: int) -> None:
        """Leaves out, of the messages that the run has planned (from that place on), those that a later one overtook."""
        for place in range(since, len(messages) if self._late else since):
            row = messages[place]
            nominal = self._late.get(tuple(row[name] for name in _KEY))
            if nominal is not None and self._newest is not None and nominal < self._newest:
                messages[place] = {**row, "state": "skipped", "reason": OVERTAKEN}
