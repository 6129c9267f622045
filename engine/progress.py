"""How far each playbook is evaluated, which revision runs, and which zones customers live in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from engine.catalogue import Catalogue
from engine.clocks.trust import WRONG
from engine.store.dialect import insert, still_counts
from engine.store.ledger import progress, revisions
from engine.store.prepared import Prepared
from engine.trigger import Window
from engine.workspace.playbook import Playbook

#: The name under which the progress of the listening pass is kept; no playbook can have it.
LISTENER = "*"
#: So far may a worker's clock be behind another's, since each may be away from the database's (`clocks.trust.WRONG`).
_BEHIND = 2 * WRONG


@dataclass(frozen=True)
class Progress:
    """The state of one playbook in the store."""

    revision: str
    status: str
    audience: str | None
    since: datetime
    position: int
    salt: str | None = None


#: Built once: it is asked at nearly every tick that does something.
_PROGRESS = sa.select(
    progress.c.playbook, *(progress.c[name] for name in ("revision", "status", "audience", "since", "position", "salt"))
)


def read_progress(connection: sa.Connection) -> Mapping[str, Progress]:
    """All playbooks that were ever launched."""
    return {row[0]: Progress(*row[1:]) for row in connection.execute(_PROGRESS)}


class StoredProgress:
    """Reads the progress of all playbooks at every tick, and makes values of the rows only when one has changed."""

    def __init__(self, dialect: str) -> None:
        self._read = Prepared(sa.select(progress), dialect)
        self._rows: Sequence[Any] = ()
        self._values: Mapping[str, Progress] = {}

    def __call__(self, connection: sa.Connection) -> Mapping[str, Progress]:
        """All playbooks that were ever launched."""
        cursor = connection.connection.cursor()  # plain tuples, for they are compared at every tick
        cursor.execute(self._read.text)
        rows = cursor.fetchall()
        cursor.close()
        if rows != self._rows:
            self._values, self._rows = read_progress(connection), rows
        return self._values


def window_from(reached: tuple[datetime, int], now: datetime, position: int) -> Window:
    """What lies between how far a playbook was evaluated, and now."""
    since, known = reached
    # A store restored into another server counts transactions anew: look again at all of them; the occasions on record
    # and `limits.catch_up` keep anything from being said twice or far too late.
    return Window(min(since, now), now, -1 if known > position else known, position)


def hold(connection: sa.Connection, playbook: str, window: Window) -> bool:
    """Takes the playbook for this transaction (SQLite has one writer anyway).

    False where another worker has it, or has been here meanwhile: it went at least as far as this window does.
    """
    if connection.dialect.name == "sqlite":
        return True
    columns = (progress.c.since, progress.c.position)
    mine = sa.select(*columns).where(progress.c.playbook == playbook).with_for_update(skip_locked=True)
    found = connection.execute(mine).first()
    return found is not None and (found.since < window.until or found.position < window.until_position)


def move(connection: sa.Connection, playbooks: Iterable[str], since: datetime, position: int) -> None:
    """Evaluated up to here. Never backwards: a clock that was put back must not let an occasion pass twice."""
    statement = _moved(connection.dialect.name)
    for name in playbooks:
        statement.execute(connection, {"name": name, "reached": since, "reached_position": position})


@cache
def _moved(dialect: str) -> Prepared:
    reached = sa.bindparam("reached", type_=progress.c.since.type)
    reached_position = sa.bindparam("reached_position", type_=progress.c.position.type)
    of_playbook = progress.c.playbook == sa.bindparam("name", type_=progress.c.playbook.type)
    return Prepared(
        sa.update(progress)
        .where(of_playbook, progress.c.since <= reached, *still_counts(dialect, reached_position))
        .values(since=reached, position=reached_position),
        dialect,
    )


def no_earlier_than_heard(connection: sa.Connection, now: datetime) -> datetime:
    """The instant at which runs are moved on: what others have heard of has happened by then.

    Else a worker whose pass began earlier, or whose clock is behind, would take it for what is still to come, and let a
    run fall asleep for which nobody hears it again. Much further ahead is only a clock that was wrong.
    """
    heard = connection.scalar(sa.select(progress.c.since).where(progress.c.playbook == LISTENER))
    return heard if heard is not None and now < heard <= now + _BEHIND else now


def begin_progress(connection: sa.Connection, name: str, revision: str, status: str, window: Window) -> None:
    """The first row of a playbook, or of a pass of the engine's own: what lies before the window is not its business."""
    row = {
        "playbook": name, "revision": revision, "status": status,
        "launched_at": window.until, "since": window.since, "position": window.since_position,
    }  # fmt: skip
    connection.execute(insert(connection.dialect.name, progress).values(row).on_conflict_do_nothing())


def record_revision(connection: sa.Connection, playbook: Playbook, now: datetime) -> None:
    """Keeps the texts that runs of this revision are pinned to, and says that it is the one that new runs take."""
    row = {"playbook": playbook.id, "revision": playbook.revision, "files": dict(playbook.files), "at": now}
    connection.execute(insert(connection.dialect.name, revisions).values(row).on_conflict_do_nothing())
    connection.execute(
        sa.update(progress)
        .where(progress.c.playbook == playbook.id)
        .values(revision=playbook.revision, status=playbook.status)
    )


def pinned_files(connection: sa.Connection, playbook: str, revision: str) -> Mapping[str, str] | None:
    """The texts of a revision, as they were when its first run began."""
    statement = sa.select(revisions.c.files).where(revisions.c.playbook == playbook, revisions.c.revision == revision)
    found: Mapping[str, str] | None = connection.execute(statement).scalar()
    return found


def audience_of(playbook: Playbook) -> str | None:
    """What identifies the audience that a playbook follows; another one is looked at as on the day of launch."""
    tree = playbook.trigger.audience
    return None if tree is None else sha256(f"{playbook.trigger.word} {tree}".encode()).hexdigest()[:16]


def zones_of_customers(connection: sa.Connection, catalogue: Catalogue) -> tuple[str, ...]:
    """The distinct zones that customers have, '' for the brand's: one index step for each zone, not one for each customer."""
    if catalogue.timezone is None:
        return ("",)
    rows = connection.execute(_walk(catalogue.table(catalogue.customers.name).c[catalogue.timezone]))
    return tuple(dict.fromkeys(["", *(row[0] for row in rows)]))


@lru_cache(maxsize=8)
def _walk(column: sa.ColumnElement[Any]) -> sa.Select[Any]:
    walk = sa.select(sa.func.min(column).label("zone")).cte("zones", recursive=True)
    further = sa.select(sa.func.min(column)).where(column > walk.c.zone).scalar_subquery()
    walk = walk.union_all(sa.select(further).where(walk.c.zone.is_not(None)))
    return sa.select(walk.c.zone).where(walk.c.zone.is_not(None))
