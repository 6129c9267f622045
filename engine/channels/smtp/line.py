"""One connection to the relay, and the conversation on it: MAIL, RCPT, DATA, the content; pipelined where announced.

Pipelined (RFC 2920), the content of one letter travels together with MAIL, RCPT and DATA of the next. At any moment, the
content of one letter at most is in flight, and whatever is out of step ends the connection.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from math import inf

from engine.channels.channel import Done, Outcome
from engine.channels.replies import holds_for_all, is_login, is_rate, of_content, of_recipient, of_sender, said
from engine.channels.smtp.flight import Features, Flight
from engine.channels.smtp.reading import Reading, Reply
from engine.channels.smtp.steps import Death, Patience, Settled, Step
from engine.failpoints import is_armed, reach

_FULL_UP = 452  # relays that have said it tend to say it again on the same connection
_OUT_OF_SEQUENCE = 503  # what was said before is not known there: that is no answer about a letter


class Line(asyncio.Protocol):
    """A connection. What it hears is kept until `hear` is called."""

    def __init__(self, patience: Patience, news: Callable[["Line"], None]) -> None:
        self.features = Features()
        self.used = 0  # letters begun on it
        self.proven = False  # whether the relay has waited for a content on it
        self.current: Flight | None = None  # begun, and nothing of its content has left
        self.handed: Flight | None = None  # its content has left, at least in part
        self.waiting: Flight | None = None  # goes next
        self.ready = False  # `current` needs only the word of the gate
        self.dead: Death | None = None
        self.buried = False  # whether its letters were looked after
        self.rested = 0.0  # since when it has nothing to do
        self.deadline = inf
        self._patience = patience
        self._news = news
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reading = Reading()
        self._heard: list[Reply] = []
        self._lost: str | None = None
        self._asked: deque[tuple[Step, Flight | None]] = deque()
        self._half_open = False  # a transaction was begun that no content ended
        self._leaving = False
        self.gone = self._loop.create_future()  # done when the connection has ended

    # What asyncio calls:

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += self._reading.take(data)
        self._news(self)

    def connection_lost(self, fault: Exception | None) -> None:
        self._lost = f"the connection to the relay broke: {fault}" if fault else "the relay closed the connection"
        if not self.gone.done():
            self.gone.set_result(None)
        self._news(self)

    # What the pass over the letters calls:

    @property
    def free(self) -> bool:
        """Whether a letter may begin at once."""
        return self._transport is not None and self.dead is None and not self._asked and self.current is None

    @property
    def is_open(self) -> bool:
        """Whether the relay has announced what it can."""
        return self._transport is not None

    @property
    def pipelines(self) -> bool:
        """Whether the next letter may be said before the one on its way is answered."""
        return self.is_open and self.features.pipelining

    @property
    def is_ready(self) -> bool:
        """Whether its letter needs only the word of the gate."""
        return self.ready and self.dead is None and self._transport is not None and not self._transport.is_closing()

    def hear(self) -> list[Settled]:
        """Goes through what was said since."""
        settled: list[Settled] = []
        heard, self._heard = self._heard, []
        for reply in heard:
            if self.dead is None:
                self._answered(reply, settled)
        if self.dead is None and self._reading.fault is not None:
            self.die(None, self._reading.fault)
        if self.dead is None and self.ready and self._reading.midway:
            self.die(None, "the relay said more than it was asked")
        if self.dead is None and self._lost is not None:
            self.dead = Death(None, self._lost)
        if self.dead is None and self._leaving and not self._asked:
            self.leave()
        return settled

    def begin(self, flight: Flight) -> None:
        """MAIL and RCPT; pipelined, DATA too."""
        self._write(self._commands(flight))
        self.deadline = self._loop.time() + self._patience.answer

    def go_on(self) -> None:
        """The gate has let the current letter go: its content leaves, or in lock step DATA before it."""
        flight = self.current
        assert flight is not None and self.ready
        self.ready, flight.cleared = False, True
        if self.features.pipelining:
            self._hand(flight)
        else:
            self._ask(Step.DATA, flight, b"DATA\r\n")

    def let_go(self) -> None:
        """The gate has refused the current letter: without its final dot, the relay forgets it."""
        self.current, self.ready = None, False
        if self.features.pipelining:
            self.die(None, "a letter was let go before its content")
        # In lock step DATA was not said yet, and RSET goes before the next letter.

    def check(self, now: float) -> None:
        """Ends the connection when an answer is overdue, however much of it came bit by bit."""
        if self.dead is None and now >= self.deadline and not self._heard:  # it may be us who stood still meanwhile
            waited = self._patience.final if self.handed else self._patience.answer
            self.die(None, f"the relay did not answer within {waited:g} seconds")

    def die(self, code: int | None, reason: str) -> None:
        """Ends the connection at once."""
        self.dead = Death(code, said(reason))
        self.deadline = inf
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        """Takes leave of the relay."""
        self.dead = Death(None, "we have left")
        self.deadline = inf
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"QUIT\r\n")
            self._transport.close()

    def forget(self) -> None:
        """Breaks off, as a crash would: of what was on it, nobody is told."""
        for flight in (self.waiting, self.current, self.handed):
            if flight is not None:
                flight.domain.leave(self)
        self.waiting = self.current = self.handed = None
        self.buried = True
        self.die(None, "broken off")

    # Saying:

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def _ask(self, step: Step, flight: Flight | None, said: bytes) -> None:
        self._asked.append((step, flight))
        self.deadline = self._loop.time() + self._patience.answer
        self._write(said)

    def _commands(self, flight: Flight) -> bytes:
        """The commands that begin a letter: all of them, or in lock step the first."""
        self.current = flight
        self.used += 1
        reset, self._half_open = self._half_open, True
        if reset:
            self._asked.append((Step.RSET, flight))
        if not self.features.pipelining:
            self._asked += () if reset else ((Step.MAIL, flight),)
            return b"RSET\r\n" if reset else flight.mail(self.features)
        self._asked += ((Step.MAIL, flight), (Step.RCPT, flight), (Step.DATA, flight))
        return b"%b%b%bDATA\r\n" % (b"RSET\r\n" if reset else b"", flight.mail(self.features), flight.rcpt())

    def _hand(self, flight: Flight) -> None:
        self.current, self.handed, self._half_open = None, flight, False
        self._asked.append((Step.CONTENT, flight))
        said = flight.stuffed
        if self.waiting is not None and self.features.pipelining:
            following, self.waiting = self.waiting, None
            said += self._commands(following)
        self.deadline = self._loop.time() + self._patience.final
        if is_armed("smtp.half"):
            half = len(flight.stuffed) // 2
            self._write(said[:half])
            reach("smtp.half")
            said = said[half:]
        self._write(said)
        reach("smtp.dot")

    # Hearing:

    def _answered(self, reply: Reply, settled: list[Settled]) -> None:
        if not self._asked:
            self.die(reply.code, f"the relay said what it was not asked: {reply}")
            return
        step, flight = self._asked.popleft()
        if not self._asked and step is not Step.CONTENT:
            self.deadline = inf
        if flight is None or step is Step.RSET:
            self._reset(reply, flight)
        elif step is Step.MAIL:
            self._mail(reply, flight, settled)
        elif step is Step.RCPT:
            self._rcpt(reply, flight, settled)
        elif step is Step.DATA:
            self._invited(reply, flight, settled)
        elif step is Step.CONTENT:
            self._content(reply, flight, settled)
        elif reply.code < 400:
            self.die(None, f"the relay took a mail that has no recipient: {reply}")

    def _reset(self, reply: Reply, flight: Flight | None) -> None:
        if not 200 <= reply.code < 300:
            self._stray(reply)
        elif not self.features.pipelining and flight is not None:
            self._ask(Step.MAIL, flight, flight.mail(self.features))

    def _mail(self, reply: Reply, flight: Flight, settled: list[Settled]) -> None:
        if 200 <= reply.code < 300:
            if not self.features.pipelining:
                self._ask(Step.RCPT, flight, flight.rcpt())
        elif reply.code >= 500 and reply.code != _OUT_OF_SEQUENCE and not is_login(reply.code):
            self._settle(flight, of_sender(reply.code, reply.text), reply, settled)
        else:
            self._stray(reply)

    def _rcpt(self, reply: Reply, flight: Flight, settled: list[Settled]) -> None:
        if 200 <= reply.code < 300:
            if flight.settled:
                self.die(None, f"the relay took a recipient without a sender: {reply}")
            elif not self.features.pipelining:
                self.ready = True
            reach("smtp.rcpt")
        elif not flight.settled:
            self._refused(reply, flight, settled, of_recipient)

    def _invited(self, reply: Reply, flight: Flight, settled: list[Settled]) -> None:
        if reply.code == 354:
            self._asked_for(flight)
        elif not flight.settled:
            self._refused(reply, flight, settled, of_content)
        elif reply.code < 400:
            self._stray(reply)

    def _asked_for(self, flight: Flight) -> None:
        if flight.settled:
            self._half_open = False
            self._ask(Step.NOTHING, flight, b".\r\n")
            return
        reach("smtp.354")
        self.proven = True
        if self.features.pipelining:
            self.ready = True
        else:
            self._hand(flight)

    def _content(self, reply: Reply, flight: Flight, settled: list[Settled]) -> None:
        reach("smtp.replied")
        self.handed = None
        self.deadline = self._loop.time() + self._patience.answer if self._asked else inf
        if 200 <= reply.code < 300:
            flight.settled = self.proven = True
            settled.append(Settled(flight, Done(said(reply)), reply))
            return
        self._settle(flight, of_content(reply.code, reply.text), reply, settled)
        if reply.code < 400 or holds_for_all(reply.code):
            self._stray(reply)

    def _refused(
        self, reply: Reply, flight: Flight, settled: list[Settled], meaning: Callable[[int, object], Outcome]
    ) -> None:
        """RCPT or DATA was answered with no."""
        rate = is_rate(reply.code, reply.text) and not is_login(reply.code)
        if reply.code < 400 or reply.code == _OUT_OF_SEQUENCE or (holds_for_all(reply.code) and not rate):
            self._stray(reply)
            return
        self._settle(flight, meaning(reply.code, reply.text), reply, settled)
        if holds_for_all(reply.code):
            self.die(reply.code, str(reply))
        self._leaving = self._leaving or reply.code == _FULL_UP

    def _settle(self, flight: Flight, outcome: Outcome, reply: Reply, settled: list[Settled]) -> None:
        flight.settled = self.proven = True
        if flight is self.current:
            self.current = None
        settled.append(Settled(flight, outcome, reply))

    def _stray(self, reply: Reply) -> None:
        """A reply about the connection, or out of step: what is not settled by then has certainly not gone."""
        known = 400 <= reply.code < 600
        self.die(reply.code if known else None, str(reply) if known else f"the relay is out of step: {reply}")
