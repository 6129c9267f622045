"""Whether a clock can be trusted: it does not jump ahead of the time that passes, nor contradict the database's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

#: How far the database's clock may be away until it is said, and until nothing is done any more.
DOUBTFUL, WRONG = timedelta(seconds=30), timedelta(minutes=5)
#: A clock that is further ahead of the time that passed has been set, and perhaps wrongly.
JUMP = timedelta(hours=1)
#: A jump of at most a day is taken for right when nobody has set the clock back for so long.
_BELIEVED_AFTER, _BELIEVED = timedelta(minutes=15), timedelta(days=1)


@dataclass(frozen=True)
class Doubt:
    """Why the clock may be wrong; `stops`: so wrong that nothing may be done by it."""

    reason: str
    advice: str
    stops: bool


@dataclass
class Trust:
    """Compares the clock with the time that passes, as `elapsed` counts it in seconds, and with the database's clock."""

    elapsed: Callable[[], float]
    _believed: timedelta | None = None  # how far the clock was from `elapsed` when it was last believed
    _since: float | None = None  # when it jumped

    def doubt(self, now: datetime, theirs: datetime | None = None) -> Doubt | None:
        """What is doubtful of the clock at this moment; `theirs` is the database's, where it has one."""
        passed = self.elapsed()
        apart = abs(now - theirs) if theirs is not None else None
        if apart is not None and apart > WRONG:
            return Doubt(f"the clock is {_words(apart)} away from the database's", _SET, stops=True)
        jumped = self._jumped(now, passed)
        if apart is None and jumped > JUMP and not self._believes(jumped, passed):
            return Doubt(
                f"the clock jumped ahead by {_words(jumped)}", _BACK if jumped <= _BELIEVED else _AGAIN, stops=True
            )
        self._believed, self._since = now - _EPOCH - timedelta(seconds=passed), None
        if apart is not None and apart > DOUBTFUL:
            return Doubt(f"the clock is {_words(apart)} away from the database's", _SET, stops=False)
        return None

    def _jumped(self, now: datetime, passed: float) -> timedelta:
        offset = now - _EPOCH - timedelta(seconds=passed)
        return offset - self._believed if self._believed is not None else timedelta(0)

    def _believes(self, jumped: timedelta, passed: float) -> bool:
        if self._since is None:
            self._since = passed
        return jumped <= _BELIEVED and passed - self._since >= _BELIEVED_AFTER.total_seconds()


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_SET = "set the clocks by NTP; nothing is lost meanwhile"
_BACK = "set it back, or leave it: in 15 minutes it is taken for right; nothing is lost meanwhile"
_AGAIN = "set it back; if it is right now, start the engine again"


def _words(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds < 120:
        return f"{seconds} seconds"
    return f"{seconds // 60} minutes" if seconds < 7200 else f"{seconds // 3600:,} hours"
