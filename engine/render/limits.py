"""How much one message may take: computing, time, memory and length; and the cell in which texts of authors run."""

import resource
import signal
import sys
from types import FrameType

from engine.render.message import Message

#: Seconds of computing; of waiting, where it computes nothing or cannot be interrupted.
COMPUTING, SECONDS = 2, 3
MEMORY = 256 * 2**20
LONGEST = 2**20
_TICK = 0.25

TOO_LONG = "became longer than 1 MiB"
TOO_SLOW = f"took more than {SECONDS} s"
TOO_BUSY = f"took more than {COMPUTING} s of computing"
TOO_LARGE = "needed more than 256 MiB of memory"
TOO_DEEP = "is nested too deeply"
TOO_WRONG = "ended the process that wrote it"


class Beyond(ValueError):
    """A text went beyond a limit."""

    def __init__(self, message: Message, how: str) -> None:
        super().__init__(f"the text of {message.id}/{message.language} {how}")


class TimeUp(BaseException):
    """The time of a message is over. Nothing on the way may take it for a mistake in a value."""


def confine() -> None:
    """From here on this process can neither grow, nor write files, nor start others; it outlives no message for long."""
    _least(resource.RLIMIT_AS, MEMORY)
    for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC):
        _least(what, 0)
    # Who ends the engine by a signal to all its processes lets it finish what is under way; then the pipe ends.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


class Clock:
    """Counts the computing of a message: an alarm within Python, and an end for what does not listen to it.

    It goes on by itself, so that a message costs no call of the system.
    """

    def __init__(self) -> None:
        self._ticks: int | None = None

    def start(self) -> None:
        """The first message can come."""
        signal.signal(signal.SIGPROF, self._tick)
        signal.setitimer(signal.ITIMER_PROF, _TICK, _TICK)
        _postpone_end()

    def begin(self) -> None:
        """The time of a message begins."""
        self._ticks = 0

    def end(self) -> None:
        """The message is written."""
        self._ticks = None

    def _tick(self, _number: int, _frame: FrameType | None) -> None:
        if self._ticks is None:
            _postpone_end()
            return
        self._ticks += 1
        if self._ticks == 1:
            _postpone_end()
        elif self._ticks > COMPUTING / _TICK:
            raise TimeUp


def _postpone_end() -> None:
    """The system ends the process when the present message has computed for longer than the clock would let it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + COMPUTING) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _least(what: int, most: int) -> None:
    """Lowers a limit for good; one that is lower already stays."""
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    try:
        resource.setrlimit(what, (most, most))
    except (ValueError, OSError):
        if sys.platform == "linux":  # other systems do not know each of them
            raise
