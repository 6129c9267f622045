"""Looks at the outbox while the killing goes on: who recovers when, and whether a message ever moves as none may."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from engine.daemon import clock
from engine.outgoing.outbox import ALLOWED
from engine.store.connect import connect
from engine.store.ledger import LEASED, RUNNING, WAITING, enrolments, outbox

#: Message, attempt and channel.
Hand = tuple[int, str, str]
Held = dict[Hand, str]

_EVERY = 0.15
_FULL_EVERY = 4.0


@dataclass
class Death:
    """One kill: of what, when, and what was in its hands (or in those of others) at that moment."""

    kind: str  # `at random`, `in content`, a failpoint …
    at: float
    left: Held = field(default_factory=dict)  # what was not taken up again yet
    doubts: set[Hand] = field(default_factory=set)  # mails in `sending` that nobody but the dead had in hand
    open: dict[Hand, int] = field(
        default_factory=dict
    )  # those of whom that is not known yet, with their crashes so far
    recovered: float | None = None  # seconds until nothing of it was left

    @property
    def doubted(self) -> int:
        """How many it left in doubt. Those of another attempt are another worker's, who was killed within the same lease."""
        of_attempts = Counter(attempt for _, attempt, _ in self.doubts)
        return max(of_attempts.values(), default=0)


class Watch(threading.Thread):
    """Polls the store by a connection of its own."""

    def __init__(self, url: str) -> None:
        super().__init__(name="watch", daemon=True)
        self._store = connect(url)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._deaths: list[Death] = []
        self._seen: dict[int, str] = {}
        self._doubted: set[Hand] = set()
        self.illegal: list[str] = []
        self.busy = True  # whether anything was due at the last look

    def run(self) -> None:
        full = 0.0
        while not self._over.wait(_EVERY):
            try:
                held = self.held()
                self._settle(held)
                self.busy = self.due() > 0
                if (begin := time.monotonic()) >= full:
                    self.look()
                    full = max(
                        begin + _FULL_EVERY, 20 * time.monotonic() - 19 * begin
                    )  # a twentieth of the time, at most
            except sa.exc.DBAPIError:
                continue  # the database is down; it will be up again

    def finish(self) -> None:
        """Ends it."""
        self._over.set()
        self.join()
        self._store.dispose()

    def held(self) -> Held:
        """What is in the hands of workers, dead or alive."""
        table = outbox.c
        statement = sa.select(table.id, table.attempt_id, table.channel, table.state).where(sa.literal_column(LEASED))
        return {(id_, attempt, channel): state for id_, attempt, channel, state in self._rows(statement)}

    def died(self, death: Death, *, alone: bool) -> Death:
        """Notes a death. `alone`: nobody else works, so all that is held was in its hands."""
        for _ in range(100):
            try:
                death.left = self.held()
                break
            except sa.exc.DBAPIError:
                time.sleep(0.05)
        sending = {hand for hand, state in death.left.items() if state == "sending" and hand[2] == "email"}
        crashes = {} if alone else self._crashes(sending)
        with self._lock:
            death.doubts = sending if alone else sending - self._doubted
            death.open = {} if alone else {hand: crashes[hand[0]] for hand in death.doubts if hand[0] in crashes}
            self._doubted |= sending
            self._deaths.append(death)
        return death

    def _settle(self, held: Held) -> None:
        now = time.monotonic()
        after = self._crashes({hand for death in self._deaths for hand in death.open if hand not in held})
        with self._lock:
            for death in self._deaths:
                death.left = {key: state for key, state in death.left.items() if held.get(key) == state}
                gone = {hand: crashes for hand, crashes in death.open.items() if hand not in death.left}
                for hand, crashes in gone.items():
                    del death.open[hand]
                    if after.get(hand[0], crashes) == crashes:
                        death.doubts.discard(hand)  # a worker who lives brought it to its end
                if not death.left and death.recovered is None:
                    death.recovered = now - death.at
            self._deaths = [death for death in self._deaths if death.recovered is None]

    def _crashes(self, hands: set[Hand]) -> dict[int, int]:
        """How often each of these messages was taken out of the hands of the dead."""
        if not hands:
            return {}
        mine = outbox.c.id.in_([id_ for id_, _, _ in hands])
        return {id_: count for id_, count in self._rows(sa.select(outbox.c.id, outbox.c.crash_count).where(mine))}

    def look(self) -> None:
        """Looks at all messages; one that moved as none may is noted."""
        now = {id_: state for id_, state in self._rows(sa.select(outbox.c.id, outbox.c.state))}
        for message, state in now.items():
            before = self._seen.get(message, "planned")
            if state != before and state not in reachable(before):
                self.illegal.append(f"message {message} went from {before} to {state}")
        gone = self._seen.keys() - now.keys()
        self.illegal += [f"message {message} is gone" for message in gone]
        self._seen = now

    def due(self) -> int:
        """Messages that are due, or in somebody's hands, and runs that are due."""
        now = clock()
        waits = sa.and_(sa.literal_column(WAITING), outbox.c.due_at <= now)
        messages = sa.select(sa.func.count()).where(sa.or_(waits, sa.literal_column(LEASED))).select_from(outbox)
        runs = sa.select(sa.func.count()).where(sa.literal_column(RUNNING), enrolments.c.due_at <= now)
        return sum(int(self._rows(one)[0][0]) for one in (messages, runs))

    def later(self, until: datetime) -> int:
        """Messages and runs that time alone will make due before that instant."""
        messages = sa.select(sa.func.count()).where(sa.literal_column(WAITING), outbox.c.due_at <= until)
        runs = sa.select(sa.func.count()).where(sa.literal_column(RUNNING), enrolments.c.due_at <= until)
        return sum(int(self._rows(one)[0][0]) for one in (messages, runs))

    def _rows(self, statement: sa.Select[Any]) -> list[Any]:
        with self._store.connect().execution_options(reading=True) as connection:
            return list(connection.execute(statement))


@cache
def reachable(state: str) -> frozenset[str]:
    """The states that a message can come to from this one, in any number of moves."""
    found: set[str] = set()
    edge = {state}
    while edge:
        edge = {after for after, befores in ALLOWED.items() if befores & edge} - found
        found |= edge
    return frozenset(found)
