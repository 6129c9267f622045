"""What guards look at, and what they answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from engine.clocks.windows import WeekWindow
from engine.settings.literals import Limit


@dataclass(frozen=True)
class Said:
    """A marketing message that the customer got or is being sent."""

    at: datetime
    playbook: str
    channel: str
    priority: int
    message: int | None = None  # its number in the outbox


@dataclass(frozen=True)
class Rival:
    """A marketing message of the same customer that is due now or within a day."""

    due_at: datetime
    playbook: str
    channel: str
    priority: int


@dataclass(frozen=True)
class Cap:
    """How often: over all playbooks, of this playbook alone, or by one channel; and what counts against it."""

    limit: Limit
    said: Sequence[Said]
    playbook: str | None = None
    channel: str | None = None

    def __str__(self) -> str:
        whose = " of this playbook" if self.playbook else f" by {self.channel}" if self.channel else ""
        return f"the cap of {self.limit.count} per {self.limit.per}{whose}"

    def counted(self, now: datetime, zone: ZoneInfo) -> list[Said]:
        """What still counts, the oldest first."""
        per = self.limit.per
        if per is None:
            return sorted(self.said, key=lambda one: one.at)
        # Asked forwards, as the verdict says it: a month before 31 March is 28 February, and a month after that 28 March,
        # long over; a message held until then would be looked at again and again.
        return sorted((one for one in self.said if per.after(one.at, zone) > now), key=lambda one: one.at)


class Look(NamedTuple):
    """One message and what is known of its customer at this instant."""

    now: datetime
    zone: ZoneInfo
    purpose: str
    channel: str
    topic: str | None
    expires_at: datetime | None
    run_state: str | None
    run_reason: str | None
    address: str | None  # a valid address in the channel, or None
    consents: Sequence[tuple[str, bool]]  # topic ('*' is every one) and whether consent is given, of this channel
    suppressed: str | None  # why nothing may go to the address
    send_window: WeekWindow | None
    caps: Sequence[Cap]
    priority: int
    planned_at: datetime
    rivals: Sequence[Rival]
    open_complaints: int
    despite_complaint: bool  # the author says that it goes all the same
    held: str | None = None  # why nothing of the playbook goes now
    opened: bool = False  # an earlier try of the same message was read


@dataclass(frozen=True)
class Verdict:
    """A message may not go now: for good (with its final state), or not before `until`."""

    state: Literal["suppressed", "expired", "cancelled", "deferred"]
    reason: str
    until: datetime | None = None


Guard = Callable[[Look], Verdict | None]
