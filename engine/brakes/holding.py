"""What people do with brakes: they hold a playbook, look at what is held, and let it go."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.brakes.admit import let_go
from engine.loyalty.batch import stand_still
from engine.shop import Shop
from engine.store.brakes import BACKLOG, EVERYTHING, Held, What, held, hold_playbook
from engine.store.ledger import HELD_BACK, WAITING, enrolments, of_playbooks, outbox

BY_HAND = "by hand"


@dataclass(frozen=True)
class Standing:
    """An open hold, with how many runs and messages wait behind it."""

    hold: Held
    runs: int
    messages: int
    stopped: int = 0  # under way, at a step that has no voucher for them

    def __str__(self) -> str:
        whose = "every playbook" if self.hold.playbook == EVERYTHING else self.hold.playbook
        waits = ", ".join(
            f"{count:,} {word}"
            for count, word in ((self.stopped, "for a voucher"), (self.runs, "to begin"), (self.messages, "messages"))
            if count
        )
        drop = " [--drop]" if self.hold.cause == BACKLOG else ""
        return f"{whose} is held: {self.hold.reason}; waiting: {waits or 'nobody'}; type  {self.hold.release}{drop}"


def standing_holds(connection: sa.Connection) -> list[Standing]:
    """All that is held, with what waits."""
    return [Standing(one, *_waiting(connection, one), stand_still(connection, one)) for one in held(connection)]


def hold(connection: sa.Connection, playbook: str, what: What, reason: str, now: datetime) -> bool:
    """Holds a playbook by hand; False where it is held by hand already."""
    return hold_playbook(connection, playbook, what, reason, now, cause=BY_HAND)


def release(connection: sa.Connection, playbook: str, now: datetime, by: str | None, *, drop: bool) -> tuple[int, int]:
    """Lets a playbook go: the holds that were open, and the occasions of a backlog that begin (or are dropped)."""
    return let_go(connection, playbook, now, by, drop=drop)


def waiting_for_a_place(connection: sa.Connection, shop: Shop) -> dict[str, int]:
    """How many wait to begin in playbooks that nobody holds: behind a ceiling or a canary."""
    stopped = {one.playbook for one in held(connection)}
    counted = (
        sa.select(enrolments.c.playbook, sa.func.count())
        .where(sa.literal_column(HELD_BACK), of_playbooks(enrolments, sorted(shop.workspace.playbooks)))
        .group_by(enrolments.c.playbook)
        .order_by(enrolments.c.playbook)
    )
    return {name: count for name, count in connection.execute(counted) if name not in stopped}


def _waiting(connection: sa.Connection, one: Held) -> tuple[int, int]:
    counts = []
    for table, waits, word in ((enrolments, HELD_BACK, "entries"), (outbox, WAITING, "sends")):
        mine = [table.c.playbook == one.playbook] if one.playbook != EVERYTHING else []
        if one.cause == BACKLOG and table is enrolments:
            mine.append(enrolments.c.overdue)
        found = sa.select(sa.func.count()).select_from(table).where(sa.literal_column(waits), *mine)
        counts.append(int(connection.execute(found).scalar_one()) if one.what in (word, "all") else 0)
    return counts[0], counts[1]
