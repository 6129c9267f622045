"""Who may begin: runs that wait for a brake, let in as far as ceilings, canaries, backlogs and holds leave room.

Nobody is lost: whoever waits has entered, under the key of the occasion, and only the beginning is put off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from engine.brakes.ceilings import Room, brakes_of, rooms_for_entries
from engine.clocks.times import LATEST
from engine.guards.holdout import place
from engine.loyalty.batch import go_on
from engine.settings.braking import Canary
from engine.shop import Shop
from engine.store.brakes import BACKLOG, EVERYTHING, canaries, held, hold_playbook, holds_on, not_held, release_playbook
from engine.store.dialect import insert, lock_customers
from engine.store.ledger import HELD_BACK, enrolments, of_playbooks
from engine.store.prepared import Prepared

#: Runs that one transaction looks at.
BATCH = 1_000
#: Under this name workers take turns at the ceilings; no customer has an empty id.
_TURN = ""
_SALT = "canary"

_WAITS: sa.ColumnElement[bool] = sa.literal_column(HELD_BACK)


@dataclass(frozen=True)
class Admit:
    """The pass over the runs of one shop that wait to begin."""

    shop: Shop

    @cached_property
    def waiting(self) -> Prepared:
        """Whether any run may be waiting that could begin at :now."""
        now = sa.bindparam("now", type_=enrolments.c.due_at.type)
        waits = (_WAITS, enrolments.c.playbook.in_(self.shop.moving), enrolments.c.due_at <= now)
        found: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(enrolments)
        return Prepared(
            found.where(*waits, *not_held(enrolments.c.playbook, "entries")).limit(1), self.shop.store.dialect.name
        )

    def __call__(self, now: datetime) -> int:
        """Lets begin who may. Returns how many."""
        with self.shop.store.connect().execution_options(reading=True) as connection:
            if self.waiting.execute(connection, {"now": now}).first() is None:
                return 0
            stopped = holds_on(connection, "entries")
            waits = (_WAITS, of_playbooks(enrolments, self.shop.moving), enrolments.c.due_at <= now)
            names = connection.execute(sa.select(enrolments.c.playbook).distinct().where(*waits)).scalars().all()
        admitted = 0
        for name in [] if EVERYTHING in stopped else sorted(names, key=self._rank):
            while name not in stopped:
                begun, more = self._some(name, now)
                admitted += begun
                if not more:
                    break
        return admitted

    def next_at(self, connection: sa.Connection, after: datetime) -> datetime | None:
        """The next instant after `after` at which somebody who waits may begin, if nobody does until then."""
        stopped = holds_on(connection, "entries")
        if EVERYTHING in stopped:
            return None
        free = [name for name in self.shop.moving if name not in stopped]
        waits = sa.select(sa.func.min(enrolments.c.due_at, type_=enrolments.c.due_at.type)).where(
            _WAITS, of_playbooks(enrolments, free), enrolments.c.due_at < LATEST
        )
        first: datetime | None = connection.execute(waits).scalar()
        if first is None or first > after:
            return first
        due = (
            sa.select(enrolments.c.playbook)
            .distinct()
            .where(_WAITS, of_playbooks(enrolments, free), enrolments.c.due_at <= after)
        )
        rooms = [self._rooms(connection, name, after) for name in connection.execute(due).scalars()]
        full = [
            max(room.free_at() for room in some) for one in rooms if (some := [room for room in one if not room.left])
        ]
        return min(full, default=after)

    def _rank(self, name: str) -> tuple[int, str]:
        return -self.shop.workspace.playbooks[name].guarded.priority, name

    def _rooms(self, connection: sa.Connection, name: str, now: datetime) -> list[Room]:
        everywhere = rooms_for_entries(connection, self.shop, None, now)
        return [*everywhere, *rooms_for_entries(connection, self.shop, name, now)]

    def _some(self, name: str, now: datetime) -> tuple[int, bool]:
        """Lets some of a playbook begin, in one transaction; and whether there may be more."""
        with self.shop.store.begin() as connection:
            lock_customers(connection, [_TURN])
            self._backlog(connection, name, now)
            rooms = self._rooms(connection, name, now)
            most = min([BATCH, *(room.left for room in rooms)])
            if most == 0:
                return 0, False
            columns = (enrolments.c.id, enrolments.c.customer_id, enrolments.c.revision)
            mine = (_WAITS, enrolments.c.playbook == name, enrolments.c.due_at <= now)
            found = sa.select(*columns).where(*mine).order_by(enrolments.c.due_at, enrolments.c.id).limit(most)
            rows = connection.execute(found.with_for_update(skip_locked=True)).all()
            later = self._behind_canary(connection, name, rows, now)
            going = [row[0] for row in rows if row[0] not in later]
            begins = sa.update(enrolments).where(enrolments.c.id.in_(going), _WAITS)
            connection.execute(begins.values(state="running", due_at=now, admitted_at=now))
        return len(going), len(rows) == most

    # --- A backlog ---------------------------------------------------------------------------------------------------

    def _backlog(self, connection: sa.Connection, name: str, now: datetime) -> None:
        """Puts aside what is overdue where it is too much; the timely ones go on."""
        most = brakes_of(self.shop, name).backlog or self.shop.settings.brakes.backlog
        late = (_WAITS, enrolments.c.playbook == name, enrolments.c.overdue, enrolments.c.due_at <= now)
        if most is None:
            return
        count = int(connection.execute(sa.select(sa.func.count()).where(*late).select_from(enrolments)).scalar_one())
        if count > most:
            told = f"{count} occasions were over an hour old when they were seen (the brake is at {most})"
            hold_playbook(connection, name, "entries", told, now, cause=BACKLOG)
        elif not any((one.playbook, one.cause) == (name, BACKLOG) for one in held(connection)):
            return
        connection.execute(sa.update(enrolments).where(*late).values(due_at=LATEST))

    # --- A canary ----------------------------------------------------------------------------------------------------

    def _behind_canary(self, connection: sa.Connection, name: str, rows: Sequence[Any], now: datetime) -> set[int]:
        """Those who wait for the canary of their revision; they are looked at again when its time has passed."""
        canary = brakes_of(self.shop, name).canary or self.shop.settings.brakes.canary
        if canary is None:
            return set()
        behind: set[int] = set()
        for revision in sorted({row[2] for row in rows}):
            ends_at = self._ends_at(connection, name, revision, canary, now)
            if now < ends_at:
                later = [row[0] for row in rows if row[2] == revision and not _ahead(name, row[1], canary.share)]
                connection.execute(sa.update(enrolments).where(enrolments.c.id.in_(later)).values(due_at=ends_at))
                behind |= set(later)
        return behind

    def _ends_at(self, connection: sa.Connection, name: str, revision: str, canary: Canary, now: datetime) -> datetime:
        """When the canary's time has passed; it begins with the first people of a revision."""
        ends_at = canary.length.after(now, self.shop.settings.zone)
        row = {"playbook": name, "revision": revision, "began_at": now, "ends_at": ends_at}
        connection.execute(insert(connection.dialect.name, canaries).values(row).on_conflict_do_nothing())
        mine = (canaries.c.playbook == name, canaries.c.revision == revision)
        found: datetime = connection.execute(sa.select(canaries.c.ends_at).where(*mine)).scalar_one()
        return found


def let_go(connection: sa.Connection, playbook: str, now: datetime, by: str | None, *, drop: bool) -> tuple[int, int]:
    """Releases a playbook: (the holds that were open, the overdue occasions that begin now or are dropped)."""
    opened = release_playbook(connection, playbook, now, by)
    for one in opened:
        go_on(connection, one, now)
    aside = [_WAITS, enrolments.c.overdue]
    if playbook != EVERYTHING:
        aside.append(enrolments.c.playbook == playbook)
    values: dict[str, Any] = {"overdue": False, "due_at": now}
    if drop:
        values = {"state": "refused", "reason": "dropped from a backlog", "goal_until": None, "ended_at": now}
    freed = connection.execute(sa.update(enrolments).where(*aside).values(values)).rowcount
    return len(opened), freed


def _ahead(playbook: str, customer: str, share: Fraction) -> bool:
    return place(playbook, customer, _SALT) < share
