"""Playbooks with a lasting fault of their own: each rests by itself, longer each time, and the others go on."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

_FIRST, _LONGEST = timedelta(seconds=1), timedelta(minutes=1)


@dataclass
class Resting:
    """Who rests, how often in a row it failed, and until when."""

    _rests: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def rests(self, name: str, now: datetime) -> bool:
        """Whether it is left alone now; a clock that was put back does not prolong that."""
        found = self._rests.get(name)
        return found is not None and now < found[1] <= now + _LONGEST

    def failed(self, name: str, now: datetime, *, at_once: bool = False) -> None:
        """Notes a fault. After the first one it is tried again with the next tick, unless it is to rest `at_once`."""
        times = self._rests.get(name, (0, now))[0] + 1
        pause = _FIRST * 2 ** min(times - 1, 10) if times > 1 or at_once else timedelta()
        self._rests[name] = (times, now + min(pause, _LONGEST))

    def went_well(self, name: str) -> None:
        """Forgets its faults."""
        self._rests.pop(name, None)
