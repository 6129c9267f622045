"""Lives of the program: a process that has read all code forks another for each, which begins at the command line.

Reading the code takes seconds, and a thousand kills would take an hour of nothing else. The child is a process of its own in
a session of its own; it opens the store, reads the workspace and listens to signals as one that was started by hand.
"""

import ctypes
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from engine import failpoints
from engine.cli import main

_C, _DIE_WITH_PARENT = ctypes.CDLL(None), 1

_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload(["tests.killer.read_before"])


class Life:
    """One process, which can be killed at any moment."""

    def __init__(
        self, work: Callable[..., None], *given: Any, log: Path, variables: Mapping[str, str], failpoint: str = ""
    ) -> None:
        self.failpoint = failpoint
        self.born = time.monotonic()
        surroundings = {**variables, failpoints.VARIABLE: failpoint}
        self._process: ForkServerProcess = _NURSERY.Process(target=_live, args=(work, given, surroundings, str(log)))
        self._process.start()

    @classmethod
    def of_command(cls, *words: str, log: Path, variables: Mapping[str, str], failpoint: str = "") -> "Life":
        """A command of `regulars`, from the command line on."""
        return cls(_command, words, log=log, variables=variables, failpoint=failpoint)

    @property
    def pid(self) -> int:
        """The number of the process."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.is_alive()

    @property
    def code(self) -> int | None:
        """How it ended: a signal's number with a minus, or what it gave."""
        return self._process.exitcode

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended it, and not its own work."""
        return self.code == -signal.SIGKILL

    def wait(self, seconds: float) -> bool:
        """Waits for its end, at most so long; whether it came."""
        self._process.join(seconds)
        return not self._process.is_alive()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, if it still lives."""
        if self.alive:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """The end, at once: nothing is tidied up."""
        self.send(signal.SIGKILL)
        self._process.join()


def _live(work: Callable[..., None], given: tuple[Any, ...], variables: Mapping[str, str], log: str) -> None:
    os.setsid()
    _C.prctl(_DIE_WITH_PARENT, signal.SIGKILL)  # who forked it ends with the killer, however that ends
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.environ.update(variables)
    failpoints._read(variables[failpoints.VARIABLE])  # the module was read before the variable was set
    work(*given)


def _command(words: Sequence[str]) -> None:
    main(list(words))
