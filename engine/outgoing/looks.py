"""What the guards say of the messages of one claim: a first time for all, and again for each right before it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.addresses import fold_address
from engine.guards import Look, Verdict, look, look_again
from engine.outgoing.compose import Compose
from engine.outgoing.outcomes import Move, Row, next_try, not_again
from engine.outgoing.sight import Sight
from engine.runs.stopping import stopped_since
from engine.store.brakes import holds_on
from engine.store.dialect import lock_customers
from engine.store.ingest.consents import lock_answers

Customers = Mapping[str, Mapping[str, Any]]


class Looks:
    """The guards' view of one claim.

    The last look must see everything that was committed before it. Postgres is asked again each time, with the customers
    locked. SQLite says whether any other connection has committed since (`data_version`): if none has, nothing can have
    changed but the time and what this very claim did, which is counted here.
    """

    def __init__(self, compose: Compose, *, always_anew: bool = False) -> None:
        self._compose, self._shop = compose, compose.shop
        self._always_anew = always_anew
        self._customers: Customers = {}
        self._sight: Sight | None = None
        self._version: int | None = None
        self._open: dict[int, Row] = {}  # those that have not gone yet
        self._seen: dict[int, Look] = {}  # what was seen of them, where that stands but for the time

    def first(
        self, connection: sa.Connection, rows: Sequence[Row], customers: Customers, now: datetime
    ) -> tuple[list[Row], list[Move]]:
        """Those that may go, and the moves of the others."""
        self._customers = customers
        self._read(connection, rows, now)
        allowed, moves = self._judge(connection, rows, now, count=False)
        ended = stopped_since(connection, self._shop, allowed, now)
        for row in allowed:
            if (reason := ended.get(row["enrolment_id"])) is not None:
                moves.append(_unless_gone(row, {"id": row["id"], "state": "cancelled", "reason": reason}))
        allowed = [row for row in allowed if row["enrolment_id"] not in ended]
        self._open = {row["id"]: row for row in allowed}
        return allowed, moves

    def last(self, connection: sa.Connection, rows: Sequence[Row], now: datetime) -> tuple[list[Row], list[Move]]:
        """The same at the last instant, within the transaction that commits to sending."""
        lock_customers(connection, (row["customer_id"] for row in rows))
        lock_answers(connection, (row["customer_id"] for row in rows if row["purpose"] == "marketing"), alone=False)
        if not self._stands(connection):
            # Where it can stand for a while, for all that are left; else another commit would make each group ask again.
            left = list(self._open.values()) if self._can_stand else rows
            self._customers = self._compose.complaints(connection, left, self._customers, now)
            self._read(connection, left, now)
        for row in rows:
            self._open.pop(row["id"], None)
        return self._judge(connection, rows, now, count=True)

    def learn(self, moves: Sequence[Move]) -> None:
        """What this very claim found out: addresses that are dead."""
        for move in moves:
            if move.get("suppress") and self._sight is not None:
                dead = (move["channel"], fold_address(move["recipient"]))
                self._seen.clear()
                self._sight = replace(
                    self._sight, suppressed={**self._sight.suppressed, dead: f"bounced: {move['reply']}"}
                )

    def hold(self, connection: sa.Connection) -> None:
        """And whether a playbook is held for it."""
        if self._sight is not None:
            self._seen.clear()
            self._sight = replace(self._sight, held=holds_on(connection, "sends"))

    @property
    def _can_stand(self) -> bool:
        """Whether what is read can be all there is to know for longer than one group."""
        return self._version is not None and not self._always_anew

    def _stands(self, connection: sa.Connection) -> bool:
        """Whether what was read is still all there is to know."""
        return self._can_stand and self._version == _version(connection)

    def _read(self, connection: sa.Connection, rows: Sequence[Row], now: datetime) -> None:
        self._version = _version(connection)
        self._seen.clear()
        self._sight = Sight.of(self._shop, connection, rows, self._customers, now)
        if self._sight.rivals:
            self._always_anew = True  # this very claim sends them

    def _judge(
        self, connection: sa.Connection, rows: Sequence[Row], now: datetime, *, count: bool
    ) -> tuple[list[Row], list[Move]]:
        assert self._sight is not None
        allowed, moves = [], []
        for row in rows:
            playbook = self._shop.pinned(connection, row["playbook"], row["revision"])
            before = self._seen.get(row["id"])
            if before is None:
                at = self._sight.look(row, playbook, now)
                verdict = look(at)
            else:
                at = self._sight.again(before, row, playbook, now)
                verdict = look_again(at)
            if verdict is None:
                self._seen[row["id"]] = at
                allowed.append(row)
                if count:
                    self._sight.count(row, now)
            else:
                moves.append(_stopped(row, verdict, now))
        return allowed, moves


def _version(connection: sa.Connection) -> int | None:
    """Changes when another connection commits; None where the database does not say."""
    if connection.dialect.name != "sqlite":
        return None
    return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())


def _stopped(row: Row, verdict: Verdict, now: datetime) -> Move:
    move: Move = {"id": row["id"], "state": verdict.state, "reason": verdict.reason, "due_at": verdict.until}
    if verdict.state == "suppressed" and row["channels"]:
        move |= {"state": "skipped", **next_try(row, now)}
    return _unless_gone(row, move) if verdict.state != "deferred" else move


def _unless_gone(row: Row, move: Move) -> Move:
    """The end of a message; of one that was to go again after a doubt, that it does not."""
    return not_again(row, move["reason"]) if row["dup_risk"] else move
