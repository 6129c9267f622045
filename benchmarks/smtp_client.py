"""`python -m benchmarks.smtp_client`: mail alone, into the sink: ours, plain aiosmtplib, and Postfix's smtp-source where it is.

Each round sends the same mails over as many connections by each of them, in turns; the sink is a process of its own. With
a latency, every answer of the sink comes that much later, as it does over a real network.
"""

import argparse
import asyncio
import multiprocessing
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection

from aiosmtplib import SMTP

from benchmarks.gates import OpenGate
from benchmarks.measure import Comparison, Subject, in_turns, table, timed
from engine.channels import Letter
from engine.channels.sink import Received, Session, Sink
from engine.channels.smtp import Smtp
from engine.settings.channels import Email

_SENDER = "hello@tea.example.com"
_CONTENT = (
    b"Subject: benchmark\r\n\r\n" + (b"x" * 74 + b"\r\n") * 66
)  # about the size of a mail of the example workspace


@dataclass(frozen=True)
class Round:
    """What one subject has to do."""

    port: int
    mails: int
    connections: int

    def letters(self) -> Iterator[Letter]:
        """The mails, all to one domain."""
        return (Letter(str(n), _SENDER, f"c{n:07}@customers.example", _CONTENT) for n in range(self.mails))


class Delayed(Session):
    """A session whose answers come later by `latency` seconds; others are not kept waiting by it."""

    latency = 0.0

    def write(self, data: bytes) -> None:
        """Says it, later."""
        asyncio.get_running_loop().call_later(self.latency, self._say, data)

    def _say(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)


def ours(work: Round) -> float:
    """The channel of mail, with a gate that lets everything go; opening the connections is part of it, as for the others."""
    email = Email.model_validate(
        {"from": _SENDER, "host": "127.0.0.1", "port": work.port, "connections": work.connections}
    )
    smtp, gate = Smtp(email, {}, lambda: datetime.now(UTC)), OpenGate()
    seconds = timed(lambda: smtp.send(work.letters(), gate))
    smtp.close()
    assert gate.done == work.mails
    return seconds / work.mails


def plain(work: Round) -> float:
    """aiosmtplib as its documentation shows it, connections kept: one task for each, all of one queue."""

    async def worker(letters: Iterator[Letter]) -> None:
        async with SMTP(hostname="127.0.0.1", port=work.port, local_hostname="bench.example") as client:
            for letter in letters:
                await client.sendmail(letter.sender, [letter.recipient], letter.content)

    async def all_of_them() -> None:
        letters = work.letters()
        await asyncio.gather(*(worker(letters) for _ in range(work.connections)))

    return timed(lambda: asyncio.run(all_of_them())) / work.mails


def smtp_source(program: str, work: Round) -> float:
    """Postfix's own load generator, connections kept."""
    command = [
        program, "-d", "-s", str(work.connections), "-m", str(work.mails), "-l", str(len(_CONTENT)), "-f", _SENDER,
        "-t", "c@customers.example", f"inet:127.0.0.1:{work.port}",
    ]  # fmt: skip
    return timed(partial(subprocess.run, command, check=True)) / work.mails


def measure(mails: int, connections: int, latencies: Sequence[float]) -> Iterator[Comparison]:
    """Ours against each of the others, for each latency."""
    program = shutil.which("smtp-source") or shutil.which("smtp-source", path="/usr/sbin")
    for latency in latencies:
        few = mails if not latency else max(connections * 100, mails // 10)
        with sink(latency) as port:
            work = Round(port, few, connections)
            others: dict[str, Subject] = {"aiosmtplib": partial(plain, work)}
            if program is not None and not latency:
                others["smtp-source -d"] = partial(smtp_source, program, work)
            mine, *theirs = in_turns(partial(ours, work), *others.values())
        what = f"a mail, {connections} connections, {latency * 1e3:g} ms of latency"
        for name, sample in zip(others, theirs, strict=True):
            aim = {"smtp-source -d": 1 / 1.2, "aiosmtplib": 1 / 3.5 if latency >= 0.02 else None}[name]
            yield Comparison(what, mine, sample, aim=aim, count=1, note=f"against {name}")


@contextmanager
def sink(latency: float = 0.0) -> Iterator[int]:
    """The port of a mail server in a process of its own, which forgets what it gets."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, latency), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        here.send(None)
        process.join()


def _serve(parent: Connection, latency: float) -> None:
    Delayed.latency = latency
    with Sink(_forget, session=Delayed if latency else Session) as served:
        parent.send(served.port)
        parent.recv()


def _forget(_mail: Received) -> None:
    pass


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.smtp_client", description=__doc__)
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument(
        "--latency", type=float, nargs="*", default=[0, 5, 20], help="milliseconds of the sink's answers"
    )
    options = parser.parse_args()
    found = measure(options.mails, options.connections, [one / 1e3 for one in options.latency])
    print(table(list(found)))


if __name__ == "__main__":
    main()
