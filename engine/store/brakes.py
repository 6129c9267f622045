"""What stands still until a person lets it go: holds on playbooks, and the canaries that go ahead of the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa

from engine.store.customers import metadata
from engine.store.dialect import insert
from engine.store.types import Instant, Key, RowId

#: What a hold keeps from happening: new people beginning, messages going, or both.
What = Literal["entries", "sends", "all"]

#: The name that stands for every playbook.
EVERYTHING: Final = "*"
#: The cause of a hold that puts aside what is overdue, and lets the timely ones go on.
BACKLOG: Final = "backlog"

#: The words of the partial index; a query must use the very same to be led to it.
OPEN = "released_at IS NULL"

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("id", RowId, sa.Identity(), primary_key=True),
    sa.Column("playbook", Key, nullable=False),  # '*' is every one
    sa.Column("cause", Key, nullable=False),  # what brought it about: `bounces`, `backlog`, `by hand`, or the reason
    sa.Column("what", Key, nullable=False),  # entries | sends | all
    sa.Column("reason", sa.Text, nullable=False),  # for people, with the figures
    sa.Column("since", Instant, nullable=False),
    sa.Column("released_at", Instant),
    sa.Column("released_by", sa.Text),
    sa.Index(
        "uq_holds_open", "playbook", "cause", unique=True, sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN)
    ),
    sa.Index("ix_holds_playbook_released_at", "playbook", "released_at"),
)

canaries = sa.Table(
    "canaries",
    metadata,
    sa.Column("playbook", Key, nullable=False),
    sa.Column("revision", Key, nullable=False),
    sa.Column("began_at", Instant, nullable=False),  # when the first of the share began
    sa.Column("ends_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("playbook", "revision"),
    sqlite_with_rowid=False,
)

_OPEN: sa.ColumnElement[bool] = sa.literal_column(OPEN)
_HOLDS = sa.select(holds.c.playbook, holds.c.cause, holds.c.what, holds.c.reason, holds.c.since)
_HELD = _HOLDS.where(_OPEN).order_by(holds.c.since, holds.c.id)  # built once, for it is asked with every batch


@dataclass(frozen=True)
class Held:
    """One open hold, as people read it."""

    playbook: str
    cause: str
    what: str
    reason: str
    since: datetime

    @property
    def release(self) -> str:
        """What to type to let it go."""
        return f"regulars release {self.playbook if self.playbook != EVERYTHING else '--all'}"


def hold_playbook(
    connection: sa.Connection, playbook: str, what: What, reason: str, now: datetime, *, cause: str | None = None
) -> bool:
    """Holds a playbook until `release_playbook`; False where a hold of that cause (else: reason) is open already."""
    row = {"playbook": playbook, "cause": cause or reason, "what": what, "reason": reason, "since": now}
    statement = insert(connection.dialect.name, holds).values(row).on_conflict_do_nothing().returning(holds.c.id)
    return connection.execute(statement).first() is not None


def release_playbook(
    connection: sa.Connection, playbook: str, now: datetime, by: str | None = None, *, cause: str | None = None
) -> list[Held]:
    """Lets a playbook go on, whatever held it (or only what `cause` did). Gives the holds that were open."""
    wanted = [_OPEN, holds.c.playbook == playbook, *([holds.c.cause == cause] if cause is not None else [])]
    found = [Held(**row) for row in connection.execute(_HOLDS.where(*wanted)).mappings()]
    if found:
        connection.execute(sa.update(holds).where(*wanted).values(released_at=now, released_by=by))
    return found


def held(connection: sa.Connection) -> list[Held]:
    """All open holds, the oldest first."""
    return [Held(**row) for row in connection.execute(_HELD).mappings()]


def holds_on(connection: sa.Connection, what: Literal["entries", "sends"]) -> Mapping[str, Held]:
    """The playbooks of which this is held, each with the hold; EVERYTHING where all are.

    A backlog holds those alone who are part of it, and is not among them.
    """
    return {
        one.playbook: one for one in reversed(held(connection)) if one.what in (what, "all") and one.cause != BACKLOG
    }


def not_held(playbook: sa.ColumnElement[str], what: Literal["entries", "sends"]) -> tuple[sa.ColumnElement[bool], ...]:
    """Rows whose playbook is not held. Neither part depends on the row, so each is looked up once for a statement."""
    kind = _OPEN, holds.c.what.in_(["all", what]), holds.c.cause != BACKLOG
    everything = sa.exists().where(*kind, holds.c.playbook == EVERYTHING)
    return sa.not_(everything), playbook.not_in(sa.select(holds.c.playbook).where(*kind))
