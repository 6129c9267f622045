"""What a command says where it may go unheard: into a pipe that nobody reads, or onto a disk that is full."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO, TextIOWrapper
from typing import Any, TextIO, cast

import click


@dataclass(eq=False)
class Unheard:
    """A stream whose reader may have gone, or whose disk may be full: what is said then is lost, and nothing else."""

    stream: TextIO
    fault: OSError | ValueError | None = None

    def write(self, text: str) -> int:
        """Says it, to whoever listens."""
        try:
            return self.stream.write(text)
        except (OSError, ValueError) as fault:
            self._lose(fault)
            return len(text)

    def flush(self) -> None:
        """The same."""
        try:
            self.stream.flush()
        except (OSError, ValueError) as fault:
            self._lose(fault)

    def _lose(self, fault: OSError | ValueError) -> None:
        self.fault = self.fault or fault


class _Printed(Unheard):
    """Standard output. A reader who has gone wants no more, and the command ends, as those of a pipe do."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def _lose(self, fault: OSError | ValueError) -> None:
        if isinstance(fault, OSError) and fault.errno == errno.EPIPE:
            raise fault
        super()._lose(fault)
        with suppress(OSError, ValueError):  # what is still in its buffer would let the end of the program fail
            nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)


@contextmanager
def printing() -> Iterator[None]:
    """A command that cannot print goes on to its end, for half of its work is worse; then it fails and says why."""
    before = sys.stdout
    if before is None:  # it was closed before we began; nothing is printed then
        yield
        return
    printed = _Printed(before)
    sys.stdout = ours = cast(TextIO, printed)
    try:
        yield
    except SystemExit as end:
        if printed.fault is None:
            raise
        reason = getattr(printed.fault, "strerror", None) or printed.fault
        done = "" if end.code else "; what it does is done all the same, so look before you repeat it"
        with suppress(OSError):
            click.echo(f"Error: what the command says cannot be printed: {reason}{done}", err=True)
        sys.exit(end.code or 1)
    finally:
        if sys.stdout is ours:
            sys.stdout = before


def unbuffered(stream: TextIO) -> TextIO:
    """The same without a buffer: what nobody takes would stay in it, and make the program end with a fault."""
    try:
        raw = FileIO(stream.fileno(), "w", closefd=False)
    except OSError:
        return stream  # it is no file
    return TextIOWrapper(raw, stream.encoding, errors="backslashreplace", write_through=True)
