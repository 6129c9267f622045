"""The daemon as a process whose log nobody takes, and which may open nothing more."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

# ruff: noqa: F811  (fixtures of the other file)
from tests.test_daemon import _PATIENCE, Relay, _bought, _customers, _launched, _url, folder, relay  # noqa: F401


@contextmanager
def _told_to(log: IO[Any] | int, root: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "engine", "run", str(root), "--store", _url(root), "--interval", "0.05"]
    # Buffered, as where nobody asks for something else: what stays in a buffer is tried once more at the end.
    environment = {**os.environ, "REGULARS_SECRET": "a secret of many letters", "PYTHONUNBUFFERED": ""}
    process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(_PATIENCE)


def _nobody_reads() -> IO[Any]:
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "wb")


def _on_a_full_disk() -> IO[Any]:
    return os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb")


@pytest.mark.parametrize("log", [_nobody_reads, _on_a_full_disk])
def test_a_log_that_nobody_takes_ends_nothing(
    folder: Path,
    relay: Relay,
    log: Callable[[], IO[Any]],
) -> None:
    _customers(folder, "mei", orders_count=1)
    _customers(folder, "first")
    with log() as stream, _told_to(stream, folder) as process:
        assert relay.arrived.get(timeout=_PATIENCE) == "first@example.com"
        _bought(folder, "mei")
        assert relay.arrived.get(timeout=_PATIENCE) == "mei@example.com"
        process.send_signal(signal.SIGTERM)
        assert process.wait(_PATIENCE) == 0


def test_without_descriptors_the_work_waits_until_there_are_some(folder: Path, relay: Relay) -> None:
    """It may open nothing more, neither a file nor a connection: it says so, ends nothing, and goes on when it may."""
    with _launched(folder, relay, "mei", "tom") as process:
        number = process.popen.pid
        before = resource.prlimit(number, resource.RLIMIT_NOFILE)
        resource.prlimit(number, resource.RLIMIT_NOFILE, (3, before[1]))
        (folder / "thanks.yaml").write_text((folder / "thanks.yaml").read_text() + "# changed\n")
        _bought(folder, "mei")
        _bought(folder, "tom")
        process.until("the store failed; the work waits", "a channel takes nothing now; its messages wait",
                          "the changed workspace cannot be used; what ran before goes on",
                          "a fault of the engine; the work waits")  # fmt: skip
        resource.prlimit(number, resource.RLIMIT_NOFILE, before)
        arrived = {relay.arrived.get(timeout=_PATIENCE) for _ in range(2)}
        assert arrived == {"mei@example.com", "tom@example.com"}
        assert process.popen.poll() is None
