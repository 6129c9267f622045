"""What this program has in its hands: the attempts under way, how long each may go on, and what is still to be recorded."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

#: How long a worker is believed to be alive after it was last heard of; its heartbeat renews that.
LEASE = timedelta(seconds=60)
#: So long before that end it does not trust its lease any more: clocks run apart, and a commit takes time.
MARGIN = timedelta(seconds=10)


@dataclass(frozen=True)
class Owed:
    """Outcomes that a store which was away could not take."""

    attempt: str
    moves: list[dict[str, Any]]
    at: datetime


@dataclass
class Hands:
    """Lives as long as the program does, whatever becomes of the workspace. The heartbeat reads it from its own thread."""

    #: The instant of a last look, where time goes on while a pass works; without it the pass's own `now`.
    instant: Callable[[], datetime] | None = None
    clock: Callable[[], float] = time.monotonic  # not of the day: it neither jumps nor stands still
    ends: Callable[[], bool] = lambda: False  # whether the program is asked to end: nothing new is begun then
    #: Seconds that a pass may take before the program looks at other things; a campaign takes hours, and meanwhile a file
    #: changes, a clock jumps, an order comes in.
    turn: float | None = None
    owed: list[Owed] = field(default_factory=list)
    _turn_ends: float | None = None
    _share_ends: float | None = None
    _trusted: dict[str, float] = field(default_factory=dict)

    def fresh(self, now: datetime) -> datetime:
        """The instant of whatever comes next in a pass that began at `now`."""
        return now if self.instant is None else max(now, self.instant())

    def begin_turn(self) -> None:
        """A pass begins."""
        self._turn_ends = self._share_ends = None if self.turn is None else self.clock() + self.turn

    def share_turn(self, among: int) -> None:
        """What is left of the turn belongs to so many, and the first of them begins: a slow one must not take it all."""
        if self._turn_ends is not None:
            now = self.clock()
            self._share_ends = now + (self._turn_ends - now) / among

    def is_turn_over(self) -> bool:
        """Whether a pass is to begin nothing new: its time is over, or the program is to end."""
        return self._is_past(self._turn_ends)

    def is_share_over(self) -> bool:
        """The same, for whoever has a share of it."""
        return self._is_past(self._share_ends)

    def _is_past(self, end: float | None) -> bool:
        return self.ends() or (end is not None and self.clock() >= end)

    def trust(self, attempts: Iterable[str], since: float) -> None:
        """The store was asked for these leases at that moment, and has given them."""
        until = since + (LEASE - MARGIN).total_seconds()
        self._trusted.update(dict.fromkeys(attempts, until))

    def trusts(self, attempt: str) -> bool:
        """Whether nobody else can have taken the attempt for dead yet."""
        return self.clock() < self._trusted.get(attempt, 0.0)

    def let_go(self, attempt: str) -> None:
        """The attempt is over."""
        self._trusted.pop(attempt, None)

    @property
    def attempts(self) -> list[str]:
        """Those under way."""
        return list(self._trusted)

    def owe(self, attempt: str, moves: Iterable[Mapping[str, Any]], at: datetime) -> None:
        """Keeps outcomes until the store takes them."""
        if kept := [dict(move) for move in moves]:
            self.owed.append(Owed(attempt, kept, at))
