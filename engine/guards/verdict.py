"""What guards look at, and what they answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from engine.literals import Limit
from engine.times import DayWindow


@dataclass(frozen=True)
class Look:
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
    send_window: DayWindow | None
    cap: Limit | None
    sent: Sequence[datetime]  # marketing messages that the customer got or is being sent, within the cap's time


@dataclass(frozen=True)
class Verdict:
    """A message may not go now: for good (with its final state), or not before `until`."""

    state: Literal["suppressed", "expired", "cancelled", "deferred"]
    reason: str
    until: datetime | None = None


Guard = Callable[[Look], Verdict | None]
