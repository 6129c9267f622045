"""What is beyond the doors: it takes letters, refuses some, puts some off, falls silent, and keeps a ledger of the truth."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from random import Random

from engine.channels import Done, Failed, Gate, Letter, Outcome, Retry, Uncertain
from engine.failpoints import Crash


@dataclass(frozen=True)
class Taken:
    """A letter that arrived, whatever its sender knows of it."""

    at: datetime  # of the gate: what happens later comes too late for it
    order: int  # of the gate, among all that happened
    key: str
    channel: str
    recipient: str
    hash: str  # of the content


@dataclass(frozen=True)
class Odds:
    """How likely each fault is, of one letter."""

    deferred: float = 0.0
    dead: float = 0.0
    silent: float = 0.0  # the answer is lost; most letters of these arrive all the same
    refused: float = 0.0  # after the content
    shut: float = 0.0  # the whole door
    crash: float = 0.0  # of the engine, somewhere between


@dataclass
class Outside:
    """One door for every channel, at the instant `now`; `within` acts before letters are asked for at the gate."""

    chance: Random
    odds: Odds
    now: datetime
    ledger: list[Taken] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=count)  # of what happens, one after the other
    within: Callable[[], None] = lambda: None

    def send(self, letters: Iterable[Letter], gate: Gate) -> None:
        """Takes letters in groups of one to five."""
        group: list[Letter] = []
        for letter in letters:
            answer = self._before(letter)
            if answer is not None:
                gate.tell(letter, answer)
                if isinstance(answer, Retry) and answer.scope == "relay":
                    break
                continue
            group.append(letter)
            if len(group) >= self.chance.randint(1, 5):
                self._group(group, gate)
                group = []
        self._group(group, gate)

    def close(self) -> None:
        """Nothing is open."""

    def _before(self, letter: Letter) -> Outcome | None:
        if self._happens(self.odds.shut):
            return Retry(None, 421, "closing", "relay")
        if letter.channel == "email" and self._happens(self.odds.dead):
            return Failed(550, "5.1.1 no such address", suppress=True)
        return Retry(timedelta(minutes=10), 451, "come later", "message") if self._happens(self.odds.deferred) else None

    def _group(self, group: list[Letter], gate: Gate) -> None:
        if not group:
            return
        self._may_crash("before the gate")
        self.within()
        at, order = self.now, next(self.order)
        going = set(gate.may_go(group))
        self._may_crash("after the gate")
        for letter in group:
            if letter.key in going:
                gate.tell(letter, self._content(letter, at, order))
                self._may_crash("after an answer")

    def _content(self, letter: Letter, at: datetime, order: int) -> Outcome:
        if self._happens(self.odds.refused):
            return Retry(None, 452, "no room", "message")
        silent = self._happens(self.odds.silent)
        if not silent or self._happens(0.9):
            self._take(letter, at, order)
        self._may_crash("before the answer")
        return Uncertain("no answer") if silent else Done("250 taken")

    def _take(self, letter: Letter, at: datetime, order: int) -> None:
        content = sha256(letter.content).hexdigest()
        self.ledger.append(Taken(at, order, letter.key, letter.channel, letter.recipient, content))

    def _may_crash(self, where: str) -> None:
        if self._happens(self.odds.crash):
            raise Crash(where)

    def _happens(self, odds: float) -> bool:
        return self.chance.random() < odds
