"""How much room a ceiling leaves at an instant, and when the next place is free."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engine.settings.braking import Brakes, Ceiling, Rate
from engine.shop import Shop
from engine.store.ledger import enrolments, outbox


@dataclass
class Room:
    """One rate of one ceiling, with what was counted; places are taken one by one."""

    rate: Rate
    whose: str  # for people: `all playbooks`, or the playbook's id
    times: list[datetime]  # of those that count, the oldest first
    now: datetime
    _turned_away: int = field(default=0, init=False)

    @property
    def left(self) -> int:
        """How many may go now."""
        return max(self.rate.count - len(self.times), 0)

    def take(self) -> None:
        """One goes."""
        self.times.append(self.now)

    def free_at(self) -> datetime:
        """When the next one has a place; each that asks is given a later one."""
        per, count = self.rate.per.approximate, self.rate.count
        latest = self.times[-count:]
        rounds, place = divmod(self._turned_away, len(latest))
        self._turned_away += 1
        return max(latest[place] + per * (rounds + 1), self.now + timedelta(seconds=1))

    def __str__(self) -> str:
        return f"the brake of {self.rate} for {self.whose}"


def brakes_of(shop: Shop, playbook: str) -> Brakes:
    """The playbook's own brakes, as its file says them today."""
    found = shop.workspace.playbooks.get(playbook)
    return found.guarded.brakes if found is not None else Brakes()


def rooms_for_sends(
    connection: sa.Connection, shop: Shop, playbook: str | None, attempt: str, now: datetime
) -> list[Room]:
    """The room for messages of a playbook (None: of all), without those that this attempt has claimed itself."""
    ceiling = shop.settings.brakes.sends if playbook is None else brakes_of(shop, playbook).sends
    if ceiling is None:
        return []
    mine = [outbox.c.playbook == playbook] if playbook is not None else [outbox.c.playbook.in_(_known(shop))]
    claimed = sa.select(sa.func.count()).where(
        sa.literal_column("state IN ('claimed', 'sending')"),
        outbox.c.state == "claimed",
        outbox.c.attempt_id != attempt,
        *mine,
    )
    others = int(connection.execute(claimed.select_from(outbox)).scalar_one())
    # Only what went, or may have gone, has this time; what another worker has claimed is about to.
    went = sa.select(outbox.c.sent_at).where(outbox.c.sent_at.is_not(None), *mine)
    return [*_rooms(connection, ceiling, went, outbox.c.sent_at, playbook, now, others)]


def rooms_for_entries(connection: sa.Connection, shop: Shop, playbook: str | None, now: datetime) -> list[Room]:
    """The room for people who begin a playbook (None: any)."""
    ceiling = shop.settings.brakes.entries if playbook is None else brakes_of(shop, playbook).entries
    if ceiling is None:
        return []
    mine = [enrolments.c.playbook == playbook] if playbook is not None else []
    begun = sa.select(enrolments.c.admitted_at).where(enrolments.c.admitted_at.is_not(None), *mine)
    return [*_rooms(connection, ceiling, begun, enrolments.c.admitted_at, playbook, now, 0)]


def _rooms(
    connection: sa.Connection,
    ceiling: Ceiling,
    counted: sa.Select[Any],
    column: sa.ColumnElement[Any],
    playbook: str | None,
    now: datetime,
    others: int,
) -> Iterable[Room]:
    for rate in ceiling.rates:
        latest = counted.where(column > now - rate.per.approximate).order_by(column.desc()).limit(rate.count)
        times = [*reversed(connection.execute(latest).scalars().all()), *[now] * others]
        yield Room(rate, "all playbooks" if playbook is None else playbook, times, now)


def _known(shop: Shop) -> Sequence[str]:
    return sorted(shop.workspace.playbooks)


def share_out(
    rows: Iterable[Mapping[str, Any]], rooms: Mapping[str | None, Sequence[Room]]
) -> tuple[list[Mapping[str, Any]], list[dict[str, Any]]]:
    """Those that have a place, the more important first; and the moves of those that wait, with until when and why."""
    going, waiting = [], []
    for row in sorted(rows, key=lambda one: (-one["priority"], one["due_at"], one["id"])):
        mine = [*rooms.get(row["playbook"], ()), *rooms.get(None, ())]
        full = [room for room in mine if not room.left]
        if full:
            until = max(room.free_at() for room in full)
            waiting.append({"id": row["id"], "state": "deferred", "reason": f"{full[0]} is reached", "due_at": until})
        else:
            for room in mine:
                room.take()
            going.append(row)
    return sorted(going, key=lambda one: (one["due_at"], one["id"])), waiting
