"""What goes out: messages whose time has come are claimed, looked at, written, and handed to the doors."""

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from engine.brakes.sends import SendBrakes
from engine.channels import Doors
from engine.failpoints import reach
from engine.outgoing.book import Book, enter
from engine.outgoing.compose import Compose, Composed
from engine.outgoing.doubt import decide, reap, undecided
from engine.outgoing.frozen import frozen, sweep
from engine.outgoing.gate import OneDoor, Written
from engine.outgoing.hands import Hands
from engine.outgoing.looks import Looks
from engine.outgoing.outbox import claim, overdue, waiting
from engine.outgoing.outcomes import Row, not_again
from engine.outgoing.sight import address_of
from engine.outgoing.tries import fix_channels
from engine.store.prepared import Prepared, Questions

BATCH = 500
#: How long a door that took nothing is left alone, if it did not say; else a queue would be written anew at every tick.
_DOOR_RESTS = timedelta(minutes=1)
#: Contents of messages that are over go with them; of what ended elsewhere, they are looked for so often.
_SWEPT_EVERY = timedelta(hours=1)

Customers = Mapping[str, Mapping[str, Any]]


@dataclass
class Delivered:
    """What a pass did, by final state of the messages."""

    counts: dict[str, int] = field(default_factory=dict)
    resting: dict[str, str] = field(default_factory=dict)  # channels whose door took nothing more, and why

    def add(self, moves: Iterable[Mapping[str, Any]]) -> None:
        """Counts messages."""
        for move in moves:
            self.counts[move["state"]] = self.counts.get(move["state"], 0) + 1


@dataclass
class Deliver:
    """The pass over the outbox of one shop.

    `hands` are the program's: they outlive this object and its shop.
    """

    compose: Compose
    doors: Doors
    hands: Hands = field(default_factory=Hands)
    _swept: datetime | None = None
    _rests: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)  # when a channel's door is left alone
    brakes: SendBrakes = field(init=False)
    probes: tuple[Prepared, ...] = field(init=False)  # whether anything is to be done at :now

    def __post_init__(self) -> None:
        shop = self.compose.shop
        dialect = shop.store.dialect.name
        self.brakes = SendBrakes(shop)
        asked = (waiting(shop.moving), overdue(dialect), undecided())
        self.probes = tuple(Prepared(one, dialect) for one in asked)
        self._questions = Questions()

    def __call__(self, now: datetime) -> Delivered:
        """Delivers what may go now, as far as its turn goes. A door that is shut is left alone, and nothing is lost."""
        report = Delivered()
        self.hands.begin_turn()
        self._pay(report)
        due, dead, doubtful = self._ask(now)
        if dead or doubtful:
            self._settle_doubts(now, dead, doubtful, report)
            due = True
        while due and not self.hands.ends() and self._batch(now, report) and not self.hands.is_turn_over():
            pass
        self._sweep(now)
        return report

    def _sweep(self, now: datetime) -> None:
        """Now and then: contents that nothing asks for any more, of messages that ended elsewhere."""
        if self._swept is None or now - self._swept >= _SWEPT_EVERY:
            self._swept, more = now, True
            while more and not self.hands.ends():
                with self.compose.shop.store.begin() as connection:
                    more = bool(sweep(connection))

    @property
    def owes(self) -> bool:
        """Whether outcomes wait for a store that was away."""
        return bool(self.hands.owed)

    def begin(self, now: datetime) -> None:
        """At the start of the one engine of a SQLite file: whatever is in anybody's hands is in those of a dead one."""
        shop = self.compose.shop
        if shop.store.dialect.name == "sqlite":
            with shop.store.begin() as connection:
                reap(connection, shop, now, everything=True)

    def _ask(self, now: datetime) -> list[bool]:
        with self.compose.shop.store.connect().execution_options(reading=True) as connection, connection.begin():
            return self._questions.any(connection, [(probe, {"now": now}) for probe in self.probes])

    def _pay(self, report: Delivered) -> None:
        """Records what a store that was away could not take; doing it twice changes nothing."""
        while self.hands.owed:
            owed = self.hands.owed[0]
            with self.compose.shop.store.begin() as connection:
                enter(connection, owed.attempt, owed.moves, owed.at)
                self.brakes.watch(connection, owed.moves, owed.at)
            self.hands.owed.pop(0)
            report.add(owed.moves)

    def _settle_doubts(self, now: datetime, dead: bool, doubtful: bool, report: Delivered) -> None:
        shop = self.compose.shop
        if dead:
            with shop.store.begin() as connection:
                reap(connection, shop, now)
        while doubtful:
            with shop.store.begin() as connection:
                counts = decide(connection, shop, now)
            for state, count in counts.items():
                report.counts[state] = report.counts.get(state, 0) + count
            doubtful = bool(counts)

    def _resting(self, now: datetime) -> frozenset[str]:
        """The channels whose door is left alone: shut for a while, or declared and not opened by this program."""
        closed = frozenset(self.compose.shop.settings.channels.declared) - frozenset(self.doors)
        return closed | {channel for channel, (since, until) in self._rests.items() if since <= now < until}

    def _batch(self, now: datetime, report: Delivered) -> bool:
        """Claims messages and sends them; whether there were any."""
        attempt = uuid4().hex
        try:
            with self.compose.shop.store.connect() as line:
                rows, going = self._claim(line, attempt, now, {*self._resting(now), *report.resting})
                if going:
                    instant = partial(self.hands.fresh, now)
                    book = Book(self.compose.shop, line, attempt, self.hands, instant, self.brakes.watch, report.add)
                    self._send(book, going, report)
        finally:
            self.hands.let_go(attempt)  # or the heartbeat would keep what a fault has left from being taken back
        return bool(rows)

    def _claim(
        self, line: sa.Connection, attempt: str, now: datetime, resting: Collection[str]
    ) -> tuple[Sequence[Row], Sequence[Row]]:
        """The messages claimed, and those of them that have a place."""
        since = self.hands.clock()
        with line.begin():
            rows = claim(line, attempt, now, BATCH, self.compose.shop.moving, resting)
            going = self.brakes.admit(line, attempt, rows, now) if rows else []
            reach("deliver.claiming")
        self.hands.trust([attempt], since)
        reach("deliver.claimed")
        return rows, going

    def _send(self, book: Book, rows: Sequence[Row], report: Delivered) -> None:
        """One claim: what may not go is settled at once, the rest goes channel by channel."""
        looks, line = Looks(self.compose), book.line
        line.execution_options(reading=True)
        with line.begin():
            customers = self.compose.customers(line, rows, book.now())
            chosen = self.compose.chosen(line, rows, customers)
            allowed, moves = looks.first(line, chosen, customers, book.now())
            kept = frozen(line, allowed)
            moved = {row["id"] for row in allowed if self._has_moved(row, kept, customers)}
            again = (row for row in allowed if row["id"] in moved and row["dup_risk"])
            moves += [not_again(row, "the address has changed since") for row in again]
            same = {one: letter for one, letter in kept.items() if one not in moved}
            going = _by_channel(row for row in allowed if row["id"] not in moved or not row["dup_risk"])
            gates = {
                channel: OneDoor(book, looks, mine, self._written(line, mine, same, customers))
                for channel, mine in going.items()
            }
        line.execution_options(reading=False)
        with line.begin():
            fix_channels(line, book.attempt, _changed(rows, chosen))
        book.settle(looks, (), moves)
        reach("deliver.chosen")
        for left, (channel, gate) in zip(range(len(gates), 0, -1), gates.items(), strict=True):
            self.hands.share_turn(left)
            self._by(channel, gate, book.now(), report)

    def _has_moved(self, row: Row, kept: Mapping[int, Composed], customers: Customers) -> bool:
        """Whether a kept letter is for an address that is no longer the customer's."""
        if row["id"] not in kept:
            return False
        address = address_of(self.compose.shop.settings, row, customers.get(row["customer_id"], {}))
        return address != kept[row["id"]].letter.recipient

    def _written(
        self, line: sa.Connection, rows: Sequence[Row], kept: Mapping[int, Composed], customers: Customers
    ) -> Generator[Written, None, None]:
        """The letters of one channel: as they were first written, or from now on being written."""
        fresh = self.compose.letters(line, [row for row in rows if row["id"] not in kept], customers)
        return (kept[row["id"]] if row["id"] in kept else next(fresh) for row in rows)

    def _by(self, channel: str, gate: OneDoor, now: datetime, report: Delivered) -> None:
        """Sends what goes by one channel; when its door shuts, the rest waits."""
        door = self.doors.get(channel)
        if door is None:
            gate.fail(f"no way to send {channel}")
        else:
            try:
                door.send(gate.letters(), gate)
            except Exception:
                gate.owe()
                raise
        left = gate.close()
        if gate.fault is not None:
            raise gate.fault
        if gate.shut is not None or (left and not gate.ended):
            shut = gate.shut
            report.resting[channel] = shut.reply if shut is not None else "it takes nothing"
            self._rests[channel] = (now, now + ((shut.after if shut is not None else None) or _DOOR_RESTS))


def _by_channel(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["channel"], []).append(row)
    return found


def _changed(claimed: Sequence[Row], chosen: Sequence[Row]) -> list[Row]:
    """The messages whose channel was left to the customer, and is chosen now."""
    return [row for before, row in zip(claimed, chosen, strict=True) if row["channel"] != before["channel"]]
