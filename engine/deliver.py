"""What goes out: messages whose time has come are claimed, looked at, written, offered, and handed over."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from engine.addresses import fold_address
from engine.brakes.sends import SendBrakes
from engine.channels import Accepted, Channel, Done, Doors, Failed, Outcome, Retry, Uncertain
from engine.clocks.times import Length
from engine.guards import look
from engine.outgoing.compose import Compose, Composed, Failure
from engine.outgoing.outbox import begin_sending, claim, overdue, reap, settle, waiting
from engine.outgoing.sight import Sight
from engine.outgoing.tries import fix_channels
from engine.runs.stopping import stopped_since
from engine.store.customers import suppressions
from engine.store.dialect import insert, lock_customers
from engine.store.prepared import Prepared

BATCH = 500
#: Waits after a refusal that may pass: five minutes, doubled each time, four hours at most (Postfix does alike).
_FIRST_RETRY, _LONGEST_RETRY, _SPREAD = timedelta(minutes=5), timedelta(hours=4), 0.2
#: How long a door that took nothing is left alone, if it did not say; else a queue would be written anew at every tick.
_DOOR_RESTS = timedelta(minutes=1)

Row = Mapping[str, Any]
Move = dict[str, Any]


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
        """One claim: what may not go is settled at once, the rest goes in waves as wide as its channel."""
        store = self.compose.shop.store
        moves: list[Move] = []
        ready: list[tuple[Row, Composed]] = []
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
            for row, letter in zip(allowed, self.compose.letters(connection, allowed, customers), strict=True):
                if isinstance(letter, Failure) or row["channel"] not in self.doors:
                    reason = letter.reason if isinstance(letter, Failure) else f"no way to send {row['channel']}"
                    moves.append({"id": row["id"], "state": "failed", "reason": reason, **_next(row, now)})
                else:
                    ready.append((row, letter))
        self._fix(attempt, rows, chosen)
        self._settle(attempt, moves, now, report)
        for channel in dict.fromkeys(row["channel"] for row, _ in ready):
            self._send(channel, attempt, [one for one in ready if one[0]["channel"] == channel], customers, now, report)

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
        ready: Sequence[tuple[Row, Composed]],
        customers: Mapping[str, Mapping[str, Any]],
        now: datetime,
        report: Delivered,
    ) -> None:
        """Sends what goes by one channel; when its door shuts, the rest waits."""
        for wave in _waves(ready, self.doors[channel].width):
            if channel in report.resting:
                moves: list[Move] = [{"id": row["id"], "state": "planned"} for row, _ in wave]
            else:
                moves = self._wave(self.doors[channel], attempt, wave, customers, now, report)
            self._settle(attempt, moves, now, report)

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
                    move |= {"state": "skipped", **_next(row, now)}
                moves.append(move)
        return allowed

    def _wave(
        self,
        door: Channel,
        attempt: str,
        wave: Sequence[tuple[Row, Composed]],
        customers: Mapping[str, Mapping[str, Any]],
        now: datetime,
        report: Delivered,
    ) -> list[Move]:
        """Offers letters, commits that those accepted are being sent, and hands them over."""
        moves: list[Move] = []
        offered: dict[int, tuple[Row, Composed, Accepted]] = {}
        answers = door.offer([composed.letter for _, composed in wave])
        for (row, composed), answer in zip(wave, answers, strict=True):
            if isinstance(answer, Accepted):
                offered[row["id"]] = (row, composed, answer)
            else:
                moves.append(self._outcome(row, composed, answer, now, report))
        going = self._last_look(attempt, [row for row, _, _ in offered.values()], customers, now, moves)
        sent = [offered[message] for message in offered if message in going]
        outcomes = door.hand_over([accepted for _, _, accepted in sent]) if sent else []
        for (row, composed, _), outcome in zip(sent, outcomes, strict=True):
            moves.append({**self._outcome(row, composed, outcome, now, report), "sending": True})
        return moves

    def _last_look(
        self,
        attempt: str,
        rows: Sequence[Row],
        customers: Mapping[str, Mapping[str, Any]],
        now: datetime,
        moves: list[Move],
    ) -> set[int]:
        """The guards once more, under locks, in the transaction that commits `sending`."""
        if not rows:
            return set()
        with self.compose.shop.store.begin() as connection:
            lock_customers(connection, (row["customer_id"] for row in rows))
            customers = self.compose.complaints(connection, rows, customers, now)
            allowed = self._look(connection, rows, customers, now, moves, count=True)
            return begin_sending(connection, attempt, [row["id"] for row in allowed], now)

    def _outcome(self, row: Row, composed: Composed, outcome: Outcome, now: datetime, report: Delivered) -> Move:
        channel = row["channel"]
        move: Move = {
            "id": row["id"], "language": composed.language, "recipient": composed.letter.recipient, "channel": channel,
        }  # fmt: skip
        match outcome:
            case Done(reply):
                code = 250 if channel == "email" else None
                return {**move, "state": "sent", "reply": reply, "code": code, **_next(row, now, taken=True)}
            case Uncertain(reply) if channel == "webhook":
                # Repeated under the same Idempotency-Key until the system says that it has it.
                return {**move, "state": "deferred", "reason": reply, "reply": reply, "due_at": now + _backoff(row)}
            case Uncertain(reply):
                return {**move, "state": "uncertain", "reason": reply, "reply": reply, **_next(row, now, taken=True)}
            case Failed(code, reply, suppress):
                failed = {**move, "state": "failed", "reason": reply, "code": code, "reply": reply, **_next(row, now)}
                return {**failed, "suppress": suppress}
            case Retry(after, code, reply, scope):
                if scope == "relay":
                    report.resting[channel] = reply
                    self._rests[channel] = (now, now + (after or _DOOR_RESTS))
                due_at = now + (after or _backoff(row))
                return {**move, "state": "deferred", "reason": reply, "code": code, "reply": reply, "due_at": due_at}


def _next(row: Row, now: datetime, *, taken: bool = False) -> Move:
    """When the message's next channel is to be tried: at once, or when this one was taken and stays unopened."""
    if not row["channels"] or (taken and row["unless_opened"] is None):
        return {}
    return {"next_try": now + Length.parse(row["unless_opened"]).approximate if taken else now}


def _backoff(row: Row) -> timedelta:
    """The wait before the next attempt; spread by the message, so that a queue does not come back all at once."""
    wait: timedelta = min(_FIRST_RETRY * 2 ** min(row["attempts"], 10), _LONGEST_RETRY)
    digest = sha256(f"{row['id']}/{row['attempts']}".encode()).digest()
    return wait * (1 + _SPREAD * (digest[0] / 127.5 - 1))


def _waves(ready: Sequence[tuple[Row, Composed]], width: int) -> Iterable[Sequence[tuple[Row, Composed]]]:
    return (ready[start : start + width] for start in range(0, len(ready), width))


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
