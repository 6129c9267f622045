"""How much is taken in at once: of each source so many events a minute, and of all together so many bytes at a time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from engine.web.events.refusal import Refusal, busy

#: Bytes of bodies that are held at one time.
MOST_BYTES = 64 * 1024 * 1024


@dataclass
class Rates:
    """A bucket for each source: it holds the events of a minute, and fills evenly."""

    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, source: str, events: int, per_minute: int) -> None:
        """Counts events that a source tells; raises `Refusal` where they are too many, and counts none then."""
        now, each = self.clock(), per_minute / 60
        left, since = self._left.get(source, (float(per_minute), now))
        left = min(float(per_minute), left + (now - since) * each)
        enough = events <= left
        self._left[source] = (left - events if enough else left, now)
        if not enough:
            wait = int((min(events, per_minute) - left) / each) + 1
            advice = f"send it again in {wait} seconds; `per_minute` of the source is {per_minute:,}"
            if events > per_minute:
                advice = f"send smaller batches; `per_minute` of the source is {per_minute:,}"
            raise Refusal(429, "too many events", advice, headers={"Retry-After": str(wait)})


@dataclass
class Held:
    """The bytes of all bodies that are under way."""

    most: int = MOST_BYTES
    now: int = 0

    @contextmanager
    def body(self) -> Iterator["Body"]:
        """A body that is let go at the end."""
        one = Body(self)
        try:
            yield one
        finally:
            self.now -= one.size


@dataclass
class Body:
    """One of them."""

    held: Held
    size: int = 0

    def grow(self, size: int) -> None:
        """Counts bytes; raises `Refusal` where there is no room for them."""
        self.size += size
        self.held.now += size
        if self.held.now > self.held.most:
            raise busy("too much is being sent at once")
