"""A small mail server that keeps what it gets in a folder: to look at real mails without sending any."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from threading import Thread
from types import TracebackType

_LONGEST_LINE = 2000
_LARGEST = 10_000_000


@dataclass(frozen=True)
class Received:
    """A mail as the server got it: the envelope and the content with CRLF."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def subject(self) -> str:
        """The subject as people read it."""
        return str(make_header(decode_header(message_from_bytes(self.content).get("Subject", ""))))


class Session(asyncio.Protocol):
    """One connection (RFC 5321 with PIPELINING). Tests inherit from it to make servers that misbehave."""

    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", f"SIZE {_LARGEST}")

    def __init__(self, receive: Callable[[Received], None]) -> None:
        self.receive = receive
        self.sender = ""
        self.recipients: list[str] = []
        self._rest = b""
        self._replies: list[str] = []
        self._content = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.greet()
        self.flush()

    def greet(self) -> None:
        """Says that it is ready."""
        self.reply("220 regulars sink")

    def reply(self, line: str) -> None:
        """Gives one reply, of one or several lines; it leaves with those to the other commands that came together."""
        self._replies.append(line.replace("\n", "\r\n"))

    def flush(self) -> None:
        """Says what was replied."""
        if self._replies:
            replies, self._replies = "\r\n".join(self._replies) + "\r\n", []
            self.write(replies.encode())

    def write(self, data: bytes) -> None:
        """Says it."""
        self.transport.write(data)

    def close(self) -> None:
        """Says the rest and hangs up."""
        self.flush()
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        start = before = 0
        while start < len(data) and not self.transport.is_closing():
            start = self._take_content(data, start) if self._content else self._take_line(data, start)
            if start == before:
                break
            before = start
        self._rest = data[start:]
        if len(self._rest) > (_LARGEST if self._content else _LONGEST_LINE):
            self.reply("552 too much")
            self.close()
        self.flush()

    def _take_line(self, data: bytes, start: int) -> int:
        """Where the next line begins; where this one is not whole, where it begins."""
        end = data.find(b"\n", start)
        if end < 0:
            return start
        verb, _, rest = data[start:end].decode("utf-8", "replace").strip().partition(" ")
        self.command(verb.upper(), rest)
        return end + 1

    def _take_content(self, data: bytes, start: int) -> int:
        end = start if data.startswith(b".\r\n", start) else data.find(b"\r\n.\r\n", start) + 2
        if end == 1:
            return start
        content = data[start:end]
        if b"\r\n.." in content:
            content = content.replace(b"\r\n..", b"\r\n.")
        content = content[1:] if content.startswith(b"..") else content
        self._content = False
        mail = Received(self.sender, tuple(self.recipients), content)
        self.sender, self.recipients = "", []
        self.content(mail)
        return end + 3

    def content(self, mail: Received) -> None:
        """The content has come, with its final dot."""
        self.receive(mail)
        self.reply("250 2.0.0 kept")

    def command(self, verb: str, rest: str) -> None:
        """Answers one command."""
        if verb in ("EHLO", "HELO"):
            lines = ["sink", *self.extensions] if verb == "EHLO" else ["sink"]
            self.reply("\n".join(f"250{'-' if n < len(lines) else ' '}{line}" for n, line in enumerate(lines, 1)))
        elif verb == "MAIL":
            self.sender, self.recipients = _address(rest), []
            self.reply("250 2.1.0 fine")
        elif verb == "RCPT":
            self.recipients.append(_address(rest))
            self.reply("250 2.1.5 fine")
        elif verb == "DATA" and self.recipients:
            self._content = True
            self.reply("354 go on, end with a dot")
        elif verb == "QUIT":
            self.reply("221 2.0.0 bye")
            self.close()
        elif verb in ("RSET", "NOOP"):
            self.recipients = [] if verb == "RSET" else self.recipients
            self.reply("250 2.0.0 fine")
        else:
            self.reply("503 5.5.1 not now" if verb == "DATA" else "502 5.5.2 not known")


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


class Sink:
    """Runs a mail server in a thread of its own while the `with` block lasts; port 0 takes any free port."""

    def __init__(
        self,
        receive: Callable[[Received], None],
        host: str = "127.0.0.1",
        port: int = 0,
        session: Callable[[Callable[[Received], None]], asyncio.Protocol] = Session,
    ) -> None:
        self.host = host
        self.port = port
        self._receive = receive
        self._session = session
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="sink", daemon=True)

    def __enter__(self) -> "Sink":
        """Listens. Raises `OSError` when the port is taken."""
        self._thread.start()
        try:
            self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        except OSError:
            self._halt()
            raise
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
        self._halt()

    def call(self, work: Callable[[], None]) -> None:
        """Has something done in the server's own thread, between what it does there."""
        self._loop.call_soon_threadsafe(work)

    async def _listen(self) -> asyncio.Server:
        self._open: set[asyncio.Protocol] = set()
        return await self._loop.create_server(self._make, self.host, self.port)

    def _make(self) -> asyncio.Protocol:
        session = self._session(self._receive)
        self._open.add(session)
        return session

    async def _hang_up(self) -> None:
        self._server.close()
        for session in self._open:
            transport = getattr(session, "transport", None)
            if transport is not None:
                transport.abort()
        await asyncio.sleep(0)

    def _halt(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def into_folder(folder: Path, say: Callable[[str], None]) -> Callable[[Received], None]:
    """A receiver that writes each mail as `0001-recipient.eml` and says a line about it."""
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.glob("*.eml")))

    def receive(mail: Received) -> None:
        nonlocal number
        number += 1
        to = ", ".join(mail.recipients)
        name = f"{number:04}-{re.sub(r'[^A-Za-z0-9.@-]+', '_', to)[:80]}.eml"
        # As every server notes where bounces go, in the mail that it delivers.
        (folder / name).write_bytes(b"Return-Path: <%b>\r\n%b" % (mail.sender.encode(), mail.content))
        say(f"{to}  {mail.subject}  {name}")

    return receive
