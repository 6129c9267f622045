"""One pass over letters: they are pulled as there is room, go over all connections at once, and are told of as they end."""

from collections import deque
from collections.abc import Iterable, Iterator

from engine.channels.channel import Done, Failed, Gate, Letter, Outcome, Retry, Uncertain
from engine.channels.replies import is_login, is_policy, is_rate
from engine.channels.smtp.breaker import Breaker
from engine.channels.smtp.domains import Domains
from engine.channels.smtp.flight import Flight, envelope_of, stuffed
from engine.channels.smtp.line import Line
from engine.channels.smtp.lines import Lines
from engine.channels.smtp.steps import Death, Settled
from engine.failpoints import reach

_PER_CONNECTION = 100  # many relays close a connection after a hundred letters; going first is politer
_HELD = 4  # letters for each connection that may be pulled and wait for their domain
_SILENCES = 3  # contents in a row without an answer, after which the relay itself is in trouble


class Sending:
    """The letters of one call, over the connections of a relay."""

    def __init__(self, letters: Iterable[Letter], gate: Gate, lines: Lines, domains: Domains, breaker: Breaker) -> None:
        self._letters: Iterator[Letter] = iter(letters)
        self._gate = gate
        self._lines = lines
        self._domains = domains
        self._breaker = breaker
        self._held: deque[Flight] = deque()  # pulled, and without a connection
        self._more = True  # whether there may be letters that were not pulled
        self._enough = False  # whether the relay has refused a further connection
        self._silences = 0
        self._shut = breaker.resting()

    async def run(self) -> None:
        """Until every letter was told of, or the door is shut."""
        if self._shut is not None:
            self._tell_one(self._shut)
            return
        await self._lines.wake()
        self._fill()
        while self._lines.busy or self._held:
            for line in await self._lines.news():
                self._hear(line)
            self._ask()
            self._fill()
        self._lines.rest()

    def _tell_one(self, shut: Retry) -> None:
        """While the relay is left alone, one letter carries the reason back; the others stay where they are."""
        for letter in self._letters:
            self._gate.tell(letter, shut)
            return

    # --- What the relay said ----------------------------------------------------------------------------------------

    def _hear(self, line: Line) -> None:
        for settled in line.hear():
            self._settle(line, settled)
        if line.dead is not None and not line.buried:
            self._bury(line, line.dead)

    def _settle(self, line: Line, settled: Settled) -> None:
        outcome, reply, domain = settled.outcome, settled.reply, settled.flight.domain
        if isinstance(outcome, Done):
            self._silences = 0
            self._breaker.fine()
            domain.took()
        elif isinstance(outcome, Retry) and is_rate(reply.code, reply.text):
            domain.slow(now := self._domains.clock(), reply)
            assert domain.rests is not None
            wait = domain.rests - now
            outcome = Retry(max(wait, outcome.after or wait), outcome.code, outcome.reply, "message")
        elif isinstance(outcome, Retry) and outcome.scope == "relay":
            outcome = self._close(outcome.code, outcome.reply)
        elif is_policy(reply.code, reply.text):
            domain.refused(self._domains.clock(), reply)
        else:
            domain.answered()
        self._end(line, settled.flight, outcome)

    def _end(self, line: Line, flight: Flight, outcome: Outcome) -> None:
        flight.domain.leave(line)
        self._gate.tell(flight.letter, outcome)

    def _bury(self, line: Line, death: Death) -> None:
        """A connection has ended: what became of the letters on it."""
        line.buried = True
        if line in self._lines.alive:
            self._lines.alive.remove(line)
        following, begun, handed = line.waiting, line.current, line.handed
        line.waiting = line.current = line.handed = None
        if handed is not None:
            self._silences += 1
            self._end(line, handed, Uncertain(death.reason))
            if self._silences >= _SILENCES:
                self._close(None, death.reason)
        if following is not None:
            following.domain.leave(line)
            if line.used == 0:
                self._unopened(following, death)
            else:
                self._held.appendleft(following)
        if begun is not None:
            self._broken_off(line, begun, death)

    def _unopened(self, flight: Flight, death: Death) -> None:
        """A connection could not be had; where others stand, they are enough."""
        if self._lines.alive and not is_login(death.code):
            self._enough = True
            self._held.appendleft(flight)
        else:
            self._gate.tell(flight.letter, self._close(death.code, death.reason))

    def _broken_off(self, line: Line, flight: Flight, death: Death) -> None:
        """A letter was begun, and nothing of its content has left."""
        if flight.cleared:  # in lock step, between DATA and its answer; the gate is not asked twice
            self._end(line, flight, Retry(None, death.code, death.reason, "message"))
        elif line.proven and not flight.again and not is_login(death.code):
            # Relays close connections that rested, or have carried enough; that costs nothing, and a new one may try.
            flight.again = True
            flight.domain.leave(line)
            self._held.appendleft(flight)
        else:
            self._end(line, flight, self._close(death.code, death.reason))

    def _close(self, code: int | None, reason: str) -> Retry:
        """The door shuts: nothing more begins, and what was begun comes to its end."""
        if self._shut is None:
            self._shut = self._breaker.fault(code, reason)
        return self._shut

    # --- The gate -----------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        """Asks for all letters that are ready at this moment."""
        ready = [(line, line.current) for line in self._lines.alive if line.is_ready and line.current is not None]
        if not ready:
            return
        going = self._gate.may_go([flight.letter for _, flight in ready])
        for line, flight in ready:
            if flight.letter.key in going:
                line.go_on()
            else:
                flight.domain.leave(line)
                line.let_go()
                self._hear(line)

    # --- Giving connections something to do -----------------------------------------------------------------------------

    def _fill(self) -> None:
        if self._shut is not None:
            self._hand_back(self._shut)
            return
        for line in list(self._lines.alive):
            if line.free:
                self._begin(line)
        for line in self._lines.alive:
            if line.pipelines and line.waiting is None and not line.free and line.used < _PER_CONNECTION:
                line.waiting = self._take(line)
        self._open()

    def _begin(self, line: Line) -> None:
        if not line.used:
            reach("smtp.connected")
        if line.used >= _PER_CONNECTION:
            line.leave()
            self._hear(line)
            return
        flight, line.waiting = line.waiting, None
        if flight is not None and (misfit := flight.misfit(line.features)):
            self._end(line, flight, misfit)
            flight = None
        flight = flight or self._take(line)
        if flight is not None:
            line.begin(flight)

    def _open(self) -> None:
        while self._lines.room > 0 and not (self._enough and self._lines.alive):
            line = self._lines.new()
            line.waiting = self._take(line)
            if line.waiting is None:
                return
            self._lines.open(line)

    def _take(self, line: Line) -> Flight | None:
        """The next letter that may go over a connection."""
        while (flight := self._candidate(line)) is not None:
            misfit = flight.misfit(line.features) if line.is_open else None
            if misfit is None:
                flight.domain.enter(line)
                return flight
            self._gate.tell(flight.letter, misfit)
        return None

    def _candidate(self, line: Line) -> Flight | None:
        for flight in self._held:
            if flight.domain.has_room(line):
                self._held.remove(flight)
                return flight
        while self._more and len(self._held) < _HELD * self._lines.width:
            letter = next(self._letters, None)
            if letter is None:
                self._more = False
            elif (pulled := self._check_in(letter)) is not None:
                if pulled.domain.has_room(line):
                    return pulled
                self._held.append(pulled)
        return None

    def _check_in(self, letter: Letter) -> Flight | None:
        """Looks at a letter before anything of it is said; what cannot go now is told of at once."""
        try:
            sender, recipient = envelope_of(letter)
        except ValueError as fault:
            self._gate.tell(letter, Failed(553, str(fault), suppress=False))
            return None
        try:
            content = stuffed(letter.content)
        except ValueError as fault:
            self._gate.tell(letter, Failed(554, str(fault), suppress=False, cause="content"))
            return None
        domain = self._domains.of(recipient)
        waits = self._domains.admit(domain)
        if waits is not None:
            self._gate.tell(letter, waits)
            return None
        return Flight(letter, sender, recipient, content, letter.content.isascii(), domain)

    def _hand_back(self, shut: Retry) -> None:
        """What was pulled and not begun is told that the door is shut."""
        self._more = False
        for line in self._lines.alive:
            if line.waiting is not None:
                self._end(line, line.waiting, shut)
                line.waiting = None
        while self._held:
            self._gate.tell(self._held.popleft().letter, shut)
