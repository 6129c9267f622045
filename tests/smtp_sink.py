"""A mail relay for tests that misbehaves on order, at the step that a test names; what it took stands in its ledger.

Steps: `greeting`, the commands (`EHLO`, `STARTTLS`, `AUTH`, `MAIL`, `RCPT`, `DATA`, `RSET`), `half` (a part of a content has
come), `dot` (the content has come, and is taken), `after` (its reply was said). A step's answers are used up from the left;
then it behaves. An answer is a reply, several of them with line breaks between them, raw bytes, one of the faults here, or
what is done before it behaves.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from engine.channels.sink import Received, Session, Sink

FINE = "behaves"  # so that a later one of the same step can be faulty


@dataclass(frozen=True)
class Fault:
    """Something that a relay does in the place of an answer."""

    name: str

    def __repr__(self) -> str:
        return self.name


DROP = Fault("drops the connection")
STALL = Fault("never answers again")
SKIP = Fault("leaves this answer out")
NOBODY = Fault("waits for a content that is for nobody")
LATE = Fault("answers when it is told to")
TRICKLE = Fault("answers byte by byte, without an end")
ENDLESS_LINE = Fault("says a line without an end")
ENDLESS_REPLY = Fault("says a reply without an end")

Answer = str | bytes | Fault


class Relay:
    """A relay in a thread of its own, while the `with` block lasts."""

    def __init__(
        self, *, extensions: Iterable[str] | None = None, tls: ssl.SSLContext | None = None, **answers: list[Any]
    ) -> None:
        self.answers = {step: deque(found) for step, found in answers.items()}
        self.extensions = tuple(extensions) if extensions is not None else None
        self.tls = tls
        self.mails: list[Received] = []
        self.commands: list[str] = []
        self.halves = 0  # contents that began and did not end
        self.connections = 0
        self.late: list[Callable[[], None]] = []
        self._sink = Sink(self.mails.append, host="localhost", session=self._session)

    @property
    def port(self) -> int:
        return self._sink.port

    def __enter__(self) -> "Relay":
        self._sink.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._sink.__exit__(None, None, None)

    def order(self, **answers: list[Any]) -> None:
        """More answers, while it runs."""
        for step, found in answers.items():
            self.answers.setdefault(step, deque()).extend(found)

    def say_late(self) -> None:
        """Says what it owes."""
        owed, self.late = self.late, []
        for say in owed:
            self._sink.call(say)

    def _session(self, receive: Callable[[Received], None]) -> "_Moody":
        return _Moody(receive, self)


class _Moody(Session):
    def __init__(self, receive: Callable[[Received], None], relay: Relay) -> None:
        super().__init__(receive)
        self.relay = relay
        self.extensions = relay.extensions if relay.extensions is not None else type(self).extensions
        self._greeted = False
        self._stalled = False
        self._securing = False

    def connection_lost(self, _fault: Exception | None) -> None:
        self.relay.halves += bool(self._content)

    def greet(self) -> None:
        if self._greeted:
            return  # the same session, over TLS now
        self._greeted = True
        self.relay.connections += 1
        if not self._moody("greeting"):
            super().greet()

    def data_received(self, data: bytes) -> None:
        if self._securing:
            self._rest += data
            return
        super().data_received(data)
        if self._content and self._rest and not self.transport.is_closing():
            self._moody("half")

    def command(self, verb: str, rest: str) -> None:
        if self._stalled:
            return
        self.relay.commands.append(verb)
        if self._moody(verb):
            return
        if verb == "STARTTLS" and self.relay.tls is not None:
            self.reply("220 go ahead")
            self._secure()
        elif verb == "AUTH":
            self.reply("235 2.7.0 welcome")
        else:
            super().command(verb, rest)

    def content(self, mail: Received) -> None:
        if not mail.recipients:
            self.reply("554 5.5.1 no valid recipients")
            return
        answers = self.relay.answers.get("dot")
        refused = bool(answers) and isinstance(answers[0], str) and answers[0].startswith(("4", "5"))
        if not refused:
            self.receive(mail)  # taken, whether or not the sender hears of it
        if not self._moody("dot"):
            self.reply("250 2.0.0 kept")
        self._moody("after")

    def _moody(self, step: str) -> bool:
        """Whether the step was answered out of order."""
        answers = self.relay.answers.get(step)
        if not answers:
            return False
        answer = answers.popleft()
        if callable(answer):
            answer()  # something that happens meanwhile
            return False
        if answer == FINE:
            return False
        if isinstance(answer, Fault):
            self._misbehave(answer)
        elif isinstance(answer, bytes):
            self.flush()
            self.transport.write(answer)
        else:
            self.reply(answer)
            if step == "STARTTLS" and self.relay.tls is not None:
                self._secure()
            if answer.startswith("421"):
                self.close()
        return True

    def _misbehave(self, fault: Fault) -> None:
        self.flush()
        if fault is DROP:
            self.transport.abort() if not self.transport.get_write_buffer_size() else self.transport.close()
        elif fault is STALL:
            self._stalled = True
            self.transport.pause_reading()
        elif fault is NOBODY:
            self.reply("354 go on")
            self._content = True
        elif fault is LATE:
            self._stalled = True  # answers keep their order: to what comes after it, nothing is said either
            self.relay.late.append(lambda: self.transport.write(b"250 2.0.0 kept after all\r\n"))
        elif fault is TRICKLE:
            self._drip(b"2")
        elif fault is ENDLESS_LINE:
            self._drip(b"220 " + b"x" * 1000)
        elif fault is ENDLESS_REPLY:
            self._drip(b"220-more\r\n" * 100)

    def _drip(self, drop: bytes) -> None:
        """Again and again, until the other side has enough of it."""
        if not self.transport.is_closing():
            self.transport.write(drop)
            asyncio.get_running_loop().call_later(0.01, self._drip, drop if drop != b"2" else b" ")

    def _secure(self) -> None:
        self.flush()
        self._securing, self._rest = True, b""
        self._task = asyncio.get_running_loop().create_task(self._start_tls())

    async def _start_tls(self) -> None:
        assert self.relay.tls is not None
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self.transport, self, self.relay.tls, server_side=True
            )
        except OSError:
            return  # the other side does not trust us
        assert isinstance(transport, asyncio.Transport)
        self.transport, self._securing = transport, False
        self.data_received(b"")  # what came before this task was told
