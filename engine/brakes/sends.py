"""Brakes on what goes out: claimed messages that have no place yet wait, and a playbook that does harm is held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.brakes.ceilings import brakes_of, rooms_for_sends, share_out
from engine.brakes.refusals import Refusals
from engine.brakes.stops import stop_where_needed
from engine.outgoing.outbox import settle
from engine.shop import Shop
from engine.store.brakes import EVERYTHING, holds_on
from engine.store.dialect import lock_customers
from engine.store.ledger import outbox

Row = Mapping[str, Any]
#: Under this name workers take turns at the ceilings; no customer has an empty id.
_TURN = ""


@dataclass(frozen=True)
class SendBrakes:
    """The brakes of one shop, asked when messages are claimed, and again when addresses prove bad."""

    shop: Shop
    refusals: Refusals = field(default_factory=Refusals)

    def admit(self, connection: sa.Connection, attempt: str, rows: Sequence[Row], now: datetime) -> Sequence[Row]:
        """Those of the claimed messages that may go now; the others are put back, in the transaction of the claim."""
        playbooks = sorted({row["playbook"] for row in rows})
        self._stop(connection, playbooks, now)
        held = holds_on(connection, "sends")
        stopped = [row for row in rows if row["playbook"] in held or EVERYTHING in held]
        going = [row for row in rows if row not in stopped] if stopped else rows
        moves: list[dict[str, Any]] = [{"id": row["id"], "state": "planned"} for row in stopped]
        limited = [name for name in (None, *playbooks) if self._ceiling(name)]
        if limited:
            lock_customers(connection, [_TURN])
            rooms = {name: rooms_for_sends(connection, self.shop, name, attempt, now) for name in limited}
            going, waiting = share_out(going, rooms)
            moves += waiting
        settle(connection, attempt, moves, now)
        return going

    def watch(self, connection: sa.Connection, moves: Sequence[Row], now: datetime) -> None:
        """Marks the messages whose addresses proved bad; holds playbooks where there are too many, or contents are refused."""
        self.refusals.watch(connection, moves, now)
        bounced = sorted(move["id"] for move in moves if move.get("suppress"))
        if bounced:
            marked = (
                sa.update(outbox).where(outbox.c.id.in_(bounced)).values(bounced_at=now).returning(outbox.c.playbook)
            )
            self._stop(connection, list(connection.execute(marked).scalars()), now)

    def _ceiling(self, playbook: str | None) -> bool:
        brakes = self.shop.settings.brakes if playbook is None else brakes_of(self.shop, playbook)
        return brakes.sends is not None

    def _stop(self, connection: sa.Connection, playbooks: Sequence[str], now: datetime) -> None:
        stop_where_needed(connection, self.shop, playbooks, now)
