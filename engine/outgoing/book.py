"""Where the outcomes of one claim are entered: one connection, and one transaction for a whole group of messages."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from engine.addresses import fold_address
from engine.failpoints import reach
from engine.outgoing.frozen import drop, freeze
from engine.outgoing.hands import LEASE, MARGIN, Hands
from engine.outgoing.letters import Composed
from engine.outgoing.looks import Looks
from engine.outgoing.outbox import begin_sending, settle
from engine.outgoing.outcomes import Move, Row
from engine.outgoing.states import FINAL
from engine.shop import Shop
from engine.store.customers import suppressions
from engine.store.dialect import insert
from engine.store.faults import StoreError, unless_in_the_way
from engine.store.sealed import erased_among

#: What a store says that cannot take outcomes now: it is away, or lacks the secret without which it may not write them.
STORE_FAULTS = (sa.exc.DBAPIError, StoreError)

_Result = TypeVar("_Result")

#: Holds playbooks whose messages proved bad, within the transaction that records it.
Watch = Callable[[sa.Connection, Sequence[Move], datetime], None]


@dataclass
class Book:
    """One claim's way into the store."""

    shop: Shop
    line: sa.Connection
    attempt: str
    hands: Hands
    now: Callable[[], datetime]
    watch: Watch
    count: Callable[[Iterable[Move]], None]

    def is_over(self) -> bool:
        """Whether nothing new is to be begun: the turn is over, or others may soon take this attempt for dead."""
        return self.hands.is_share_over() or not self.hands.trusts(self.attempt)

    def send(
        self, looks: Looks, rows: Sequence[Row], unfrozen: Sequence[tuple[Row, Composed]], told: Sequence[Move]
    ) -> set[int]:
        """Commits that those of the messages that may go now are being sent; returns their ids.

        In one transaction with the contents that are new, and with what is known of others by now.
        """
        refused: list[Move] = []

        def work() -> set[int]:
            now = self.now()
            refused.clear()
            self._enter(unfrozen, told, now)
            looks.learn(told)
            allowed, stopped = looks.last(self.line, rows, now)
            refused.extend(stopped)
            going = begin_sending(self.line, self.attempt, [row["id"] for row in allowed], now)
            enter(self.line, self.attempt, refused, now)
            self._watch(looks, told, now)
            reach("deliver.looking")
            return going

        began = self.hands.clock()
        going = self._commit(work)
        self.count((*told, *refused))
        if self.hands.clock() - began > (LEASE - MARGIN).total_seconds():
            # The program stood still meanwhile: others may have taken it for dead. Nothing has left, so nothing need.
            self.settle(looks, (), [{"id": id_, "state": "planned"} for id_ in going])
            return set()
        return going

    def settle(self, looks: Looks, unfrozen: Sequence[tuple[Row, Composed]], moves: Sequence[Move]) -> None:
        """Records what became of messages. Where the store cannot take it, it is owed, and the fault is raised."""
        if not moves and not unfrozen:
            return

        def work() -> None:
            now = self.now()
            self._enter(unfrozen, moves, now)
            looks.learn(moves)
            self._watch(looks, moves, now)
            reach("deliver.settling")

        try:
            self._commit(work)
        except STORE_FAULTS:
            self.hands.owe(self.attempt, moves, self.now())
            raise
        self.count(moves)

    def _watch(self, looks: Looks, moves: Sequence[Move], now: datetime) -> None:
        if any(move.get("suppress") or move.get("cause") for move in moves):
            self.watch(self.line, moves, now)
            looks.hold(self.line)

    def _enter(self, unfrozen: Sequence[tuple[Row, Composed]], moves: Sequence[Move], now: datetime) -> None:
        if unfrozen:
            freeze(self.line, self.attempt, unfrozen, now)
            reach("deliver.frozen")
        if moves:
            enter(self.line, self.attempt, moves, now)

    def _commit(self, work: Callable[[], _Result]) -> _Result:
        return unless_in_the_way(self.line.begin, lambda _: work())


def enter(connection: sa.Connection, attempt: str, moves: Sequence[Move], now: datetime) -> None:
    """Outcomes, with what follows of them."""
    settle(connection, attempt, moves, now)
    drop(connection, [move["id"] for move in moves if move["state"] in FINAL])
    _suppress(connection, moves, now)


def _suppress(connection: sa.Connection, moves: Sequence[Move], now: datetime) -> None:
    """An address that the relay knows to be dead gets nothing more."""
    rows = [
        {
            "channel": move["channel"],
            "address": fold_address(move["recipient"]),
            "reason": f"bounced: {move['reply']}",
            "at": now,
        }
        for move in moves
        if move.get("suppress")
    ]
    erased = erased_among(connection, [(row["channel"], row["address"]) for row in rows]) if rows else set()
    rows = [row for row in rows if (row["channel"], row["address"]) not in erased]
    if rows:
        connection.execute(insert(connection.dialect.name, suppressions).on_conflict_do_nothing(), rows)
