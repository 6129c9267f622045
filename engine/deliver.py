"""What goes out: messages whose time has come are claimed, looked at, written, offered, and handed over."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from engine.addresses import fold_address
from engine.brakes.sends import SendBrakes
from engine.channels import Doors, Outcome
from engine.guards import look
from engine.outgoing.compose import Compose, Composed, Failure
from engine.outgoing.gate import OneDoor
from engine.outgoing.outbox import begin_sending, claim, overdue, reap, settle, waiting
from engine.outgoing.outcomes import Move, Row, move_of, next_try
from engine.outgoing.sight import Sight
from engine.outgoing.tries import fix_channels
from engine.runs.stopping import stopped_since
from engine.store.customers import suppressions
from engine.store.dialect import insert, lock_customers
from engine.store.prepared import Prepared

BATCH = 500
#: How long a door that took nothing is left alone, if it did not say; else a queue would be written anew at every tick.
_DOOR_RESTS = timedelta(minutes=1)


@dataclass
class Delivered:
    """What a pass did, by final state of the messages."""

    counts: dict[str, int] = field(default_factory=dict)
    resting: dict[str, str] = field(default_factory=dict)  # channels whose door took nothing more, and why

    def add(self, moves: Iterable[Move]) -> None:
        """Counts messages."""
        for move in moves:
            self.counts[move["state"]] = self.counts.get(move["state"], 0) + 1


@dataclass
class Deliver:
    """The pass over the outbox of one shop."""

    compose: Compose
    doors: Doors
    _rests: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)  # when a channel's door is left alone
    brakes: SendBrakes = field(init=False)
    waiting: Prepared = field(init=False)  # whether any message is due at :now
    overdue: Prepared = field(init=False)  # whether a worker died with messages in its hands

    def __post_init__(self) -> None:
        shop = self.compose.shop
        dialect = shop.store.dialect.name
        self.brakes = SendBrakes(shop)
        self.waiting = Prepared(waiting(shop.moving), dialect)
        self.overdue = Prepared(overdue(dialect), dialect)

    def __call__(self, now: datetime) -> Delivered:
        """Delivers everything that may go now. A door that is shut is left alone, and nothing is lost."""
        store, report = self.compose.shop.store, Delivered()
        if self._any(self.overdue, now):
            with store.begin() as connection:
                reap(connection, now)
        while self._any_waiting(now, resting := {*self._resting(now), *report.resting}):
            attempt = uuid4().hex
            with store.begin() as connection:
                rows = claim(connection, attempt, now, BATCH, self.compose.shop.moving, resting)
                going = self.brakes.admit(connection, attempt, rows, now) if rows else []
            if not rows:
                break
            if going:
                self._batch(attempt, going, now, report)
        return report

    def _resting(self, now: datetime) -> frozenset[str]:
        """The channels whose door is left alone: shut for a while, or declared and not opened by this program."""
        closed = frozenset(self.compose.shop.settings.channels.declared) - frozenset(self.doors)
        return closed | {channel for channel, (since, until) in self._rests.items() if since <= now < until}

    def _any_waiting(self, now: datetime, resting: Collection[str]) -> bool:
        if not resting:
            return self._any(self.waiting, now)
        statement = waiting(self.compose.shop.moving, resting)
        with self.compose.shop.store.connect().execution_options(reading=True) as connection:
            return connection.execute(statement, {"now": now}).first() is not None

    def _any(self, probe: Prepared, now: datetime) -> bool:
        with self.compose.shop.store.connect().execution_options(reading=True) as connection:
            return probe.execute(connection, {"now": now}).first() is not None

    def _batch(self, attempt: str, rows: Sequence[Row], now: datetime, report: Delivered) -> None:
        """One claim: what may not go is settled at once, the rest goes channel by channel."""
        store = self.compose.shop.store
        moves: list[Move] = []
        with store.connect().execution_options(reading=True) as connection, connection.begin():
            customers = self.compose.customers(connection, rows, now)
            chosen = self.compose.chosen(connection, rows, customers)
            allowed = self._look(connection, chosen, customers, now, moves, count=False)
            ended = stopped_since(connection, self.compose.shop, allowed, now)
            moves += [
                {"id": row["id"], "state": "cancelled", "reason": ended[row["enrolment_id"]]}
                for row in allowed
                if row["enrolment_id"] in ended
            ]
            allowed = [row for row in allowed if row["enrolment_id"] not in ended]
            by_channel: dict[str, list[Row]] = {}
            for row in allowed:
                by_channel.setdefault(row["channel"], []).append(row)
            written = {
                channel: self.compose.letters(connection, of_it, customers) for channel, of_it in by_channel.items()
            }
        self._fix(attempt, rows, chosen)
        self._settle(attempt, moves, now, report)
        for channel, of_it in by_channel.items():
            self._send(channel, attempt, zip(of_it, written[channel], strict=True), customers, now, report)

    def _fix(self, attempt: str, claimed: Sequence[Row], chosen: Sequence[Row]) -> None:
        """Writes down the channels that were chosen, before anything is sent by them."""
        left = [row for before, row in zip(claimed, chosen, strict=True) if row["channel"] != before["channel"]]
        if left:
            with self.compose.shop.store.begin() as connection:
                fix_channels(connection, attempt, left)

    def _send(
        self,
        channel: str,
        attempt: str,
        written: Iterable[tuple[Row, Composed | Failure]],
        customers: Mapping[str, Mapping[str, Any]],
        now: datetime,
        report: Delivered,
    ) -> None:
        """Sends what goes by one channel; when its door shuts, the rest waits."""
        told: list[Move] = []

        def last_look(rows: Sequence[Row]) -> set[int]:
            refused: list[Move] = []
            with self.compose.shop.store.begin() as connection:
                settle(connection, attempt, told, now)
                _suppress(connection, told, now)
                lock_customers(connection, (row["customer_id"] for row in rows))
                fresh = self.compose.complaints(connection, rows, customers, now)
                allowed = self._look(connection, rows, fresh, now, refused, count=True)
                going = begin_sending(connection, attempt, [row["id"] for row in allowed], now)
                settle(connection, attempt, refused, now)
                self.brakes.watch(connection, told, now)
            report.add((*told, *refused))
            told.clear()
            sending.update(going)
            return going

        def note(row: Row, composed: Composed | Failure, outcome: Outcome | None) -> None:
            if isinstance(composed, Failure) or outcome is None:
                reason = composed.reason if isinstance(composed, Failure) else ""
                told.append({"id": row["id"], "state": "failed", "reason": reason, **next_try(row, now)})
            else:
                told.append({**move_of(row, composed, outcome, now), "sending": row["id"] in sending})

        sending: set[int] = set()
        gate = OneDoor(written, last_look, note)
        door = self.doors.get(channel)
        if door is None:
            told += [
                {"id": row["id"], "state": "failed", "reason": f"no way to send {channel}", **next_try(row, now)}
                for row in gate.left()
            ]
        else:
            door.send(gate.letters(), gate)
            left = gate.left()
            told += [{"id": row["id"], "state": "planned"} for row in left]
            if gate.shut is not None or left:
                report.resting[channel] = gate.shut.reply if gate.shut is not None else "takes nothing"
                self._rests[channel] = (now, now + ((gate.shut and gate.shut.after) or _DOOR_RESTS))
        self._settle(attempt, told, now, report)

    def _settle(self, attempt: str, moves: list[Move], now: datetime, report: Delivered) -> None:
        report.add(moves)
        if moves:
            with self.compose.shop.store.begin() as connection:
                settle(connection, attempt, moves, now)
                _suppress(connection, moves, now)
                self.brakes.watch(connection, moves, now)

    def _look(
        self,
        connection: sa.Connection,
        rows: Sequence[Row],
        customers: Mapping[str, Mapping[str, Any]],
        now: datetime,
        moves: list[Move],
        *,
        count: bool,
    ) -> list[Row]:
        """Asks the guards; what they stop is added to the moves."""
        shop = self.compose.shop
        sight = Sight.of(shop, connection, rows, customers, now)
        allowed = []
        for row in rows:
            playbook = shop.pinned(connection, row["playbook"], row["revision"])
            verdict = look(sight.look(row, playbook, now))
            if verdict is None:
                allowed.append(row)
                if count:
                    sight.count(row, now)
            else:
                move = {"id": row["id"], "state": verdict.state, "reason": verdict.reason, "due_at": verdict.until}
                if verdict.state == "suppressed" and row["channels"]:
                    move |= {"state": "skipped", **next_try(row, now)}
                moves.append(move)
        return allowed


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
    if rows:
        connection.execute(insert(connection.dialect.name, suppressions).on_conflict_do_nothing(), rows)
