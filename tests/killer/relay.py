"""The world outside: a mail relay and a webhook's target in a process of their own, which write down what they took.

A line is on the disk before a mail is answered with 250, or a call with 200. `python -m tests.killer.relay FOLDER SEED`.
"""

import asyncio
import json
import mmap
import os
import random
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesHeaderParser
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.channels.sink import Received, Session

#: Before the line is written, and between the line and the answer: a kill should fall into either.
_SLOWEST = 0.015
#: Mails taken, and connections that were told to go on and have not been answered since: what a killer may look at.
_FIGURES = struct.Struct("qq")


class Book:
    """The ledger: one line of JSON for each thing that happened, in order, by the clock that all processes share."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._file = (folder / "relay.jsonl").open("ab")
        self.chance = random.Random(seed)
        (folder / "figures").write_bytes(bytes(_FIGURES.size))
        self._figures = mmap.mmap(os.open(folder / "figures", os.O_RDWR), _FIGURES.size)
        self.taken, self.in_content = 0, set[int]()

    def write(self, what: str, **more: Any) -> None:
        """Notes something."""
        line = {"what": what, "at": time.monotonic(), **more}
        self._file.write(json.dumps(line).encode() + b"\n")

    def keep(self) -> None:
        """Everything noted is on the disk when this returns."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def show(self) -> None:
        """The figures for the killer."""
        self._figures[:] = _FIGURES.pack(self.taken, len(self.in_content))


class Kept(Session):
    """One connection whose mails are on record before they are answered."""

    book: Book
    _last = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Kept._last += 1
        self.number, self._busy = Kept._last, False
        port = transport.get_extra_info("peername")[1]
        self.book.write("opened", line=self.number, port=port)
        super().connection_made(transport)

    def connection_lost(self, _fault: Exception | None) -> None:
        self.book.write("lost", line=self.number)
        self._forget()

    def _take_line(self, data: bytes, start: int) -> int:
        # What was sent ahead waits until the mail is answered.
        return start if self._busy else super()._take_line(data, start)

    def reply(self, line: str) -> None:
        if line.startswith("354"):
            self.book.write("go on", line=self.number, to=self.recipients[0])
            self.book.in_content.add(self.number)
            self.book.show()
        super().reply(line)

    def content(self, mail: Received) -> None:
        # A relay that has the final dot takes the mail, whether or not somebody waits for the answer.
        self._busy = True
        self.book.write("dot", line=self.number)
        asyncio.get_running_loop().call_later(self.book.chance.uniform(0, _SLOWEST), self._take, mail)

    def _take(self, mail: Received) -> None:
        key = str(BytesHeaderParser().parsebytes(mail.content)["Message-ID"])
        more = {"to": mail.recipients[0], "key": key, "content": sha256(mail.content).hexdigest()}
        self.book.write("mail", line=self.number, **more)
        self.book.keep()
        self.book.taken += 1
        asyncio.get_running_loop().call_later(self.book.chance.uniform(0, _SLOWEST), self._answer)

    def _answer(self) -> None:
        self._forget()
        if self.transport.is_closing():
            return
        self.book.write("answered", line=self.number)
        self.reply("250 2.0.0 kept")
        self._busy = False
        self.data_received(b"")

    def _forget(self) -> None:
        self.book.in_content.discard(self.number)
        self.book.show()


async def _call(book: Book, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One call of a webhook (HTTP/1.1, one request for each connection)."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        await asyncio.sleep(book.chance.uniform(0, _SLOWEST))
        book.write("call", key=headers["idempotency-key"], content=sha256(body).hexdigest())
        book.keep()
        await asyncio.sleep(book.chance.uniform(0, _SLOWEST))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the caller was killed before all was said, or before it could be answered
    finally:
        writer.close()


async def _serve(folder: Path, seed: int) -> None:
    book = Kept.book = Book(folder, seed)
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: Kept(lambda _mail: None), "127.0.0.1", 0)
    http = await asyncio.start_server(lambda reader, writer: _call(book, reader, writer), "127.0.0.1", 0)
    book.show()
    sys.stdout.write(" ".join(str(server.sockets[0].getsockname()[1]) for server in (smtp, http)) + "\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)  # until the killer goes, however it goes
    book.keep()


class Relay:
    """The process, as the killer sees it."""

    def __init__(self, folder: Path, smtp: int, http: int) -> None:
        self.smtp, self.http = smtp, http
        self._folder = folder
        self._figures = mmap.mmap(os.open(folder / "figures", os.O_RDONLY), _FIGURES.size, prot=mmap.PROT_READ)

    @property
    def taken(self) -> int:
        """Mails that were accepted."""
        return int(_FIGURES.unpack(self._figures[:])[0])

    @property
    def in_content(self) -> int:
        """Connections that were told to go on and are not answered yet."""
        return int(_FIGURES.unpack(self._figures[:])[1])

    def lines(self) -> list[dict[str, Any]]:
        """The ledger."""
        with (self._folder / "relay.jsonl").open("rb") as file:
            return [json.loads(line) for line in file]


@contextmanager
def running_relay(folder: Path, seed: int) -> Iterator[Relay]:
    """Starts the process; what it took is in `folder`, and whole when the block is over."""
    command = [sys.executable, "-m", "tests.killer.relay", str(folder), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        smtp, http = map(int, process.stdout.readline().split())
        try:
            yield Relay(folder, smtp, http)
        finally:
            process.communicate("")


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
