"""The outbox as a ledger: the statements that move a message from one state to the next, each on its conditions.

A worker that was taken for dead finds its messages under another attempt, and changes nothing of them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa

from engine.outgoing.hands import LEASE
from engine.outgoing.late import nobodys, settle_late
from engine.outgoing.states import ALLOWED
from engine.outgoing.tries import follow
from engine.store.brakes import not_held
from engine.store.dialect import insert, lease_clock, lease_end
from engine.store.ledger import LEASED, UNDECIDED, URGENT, WAITING, attempts, of_playbooks, outbox
from engine.store.prepared import Prepared

Row = Mapping[str, Any]

#: How many are claimed together of those with which so many workers have died: who is the cause soon stands alone.
_TOGETHER = {1: 25, 2: 1}
#: After so many it waits for a person.
DEADLY = 3

#: Messages in these states wait for a claim, in the words of the partial index. Not typed as yes or no: SQLite would get
#: `… = 1`, which the index does not have, and read the whole table.
_WAITING: sa.ColumnElement[bool] = sa.literal_column(WAITING)
_URGENT: sa.ColumnElement[bool] = sa.literal_column(URGENT)
_LEASED: sa.ColumnElement[bool] = sa.literal_column(LEASED)


def waiting(playbooks: Sequence[str]) -> sa.Select[Any]:
    """Whether any message of these playbooks may be due at :now."""
    now = sa.bindparam("now", type_=outbox.c.due_at.type)
    due = [_WAITING, outbox.c.due_at <= now, outbox.c.playbook.in_(playbooks)]
    due += not_held(outbox.c.playbook, "sends")
    return sa.select(sa.literal_column("1")).select_from(outbox).where(*due).limit(1)


def _by_others(without: Collection[str]) -> list[sa.ColumnElement[bool]]:
    return [outbox.c.channel.not_in(sorted(without))] if without else []


def next_due(playbooks: Sequence[str]) -> Iterator[sa.Select[Any]]:
    """The next message, and the next doubt, whose time comes after :after."""
    later = outbox.c.due_at > sa.bindparam("after", type_=outbox.c.due_at.type)
    for which in (WAITING, UNDECIDED):
        due: sa.ColumnElement[bool] = sa.literal_column(which)
        yield sa.select(sa.func.min(outbox.c.due_at)).where(due, later, of_playbooks(outbox, playbooks))


def claim(
    connection: sa.Connection,
    attempt: str,
    now: datetime,
    most: int,
    playbooks: Sequence[str],
    without: Collection[str] = (),
) -> list[Row]:
    """Takes up to `most` messages whose time has come, under a lease; other workers pass over them.

    What is transactional comes first: who waits for an order's letter must not wait for a campaign. Messages by the
    channels `without` are left alone. Those with which workers have died come after all others and few at a
    time, so that what kills a worker is found, and takes little down with it.
    """
    dialect = connection.dialect.name
    lanes = [_taken(dialect, tuple(playbooks), tuple(sorted(without)), urgent=urgent) for urgent in (True, False)]
    params = {"now": now, "attempt": attempt, **({"until": now + LEASE} if dialect == "sqlite" else {})}
    for crashes, together in {0: most, **_TOGETHER}.items():
        rows: list[Row] = []
        for taken in lanes:
            found = connection.execute(taken, {**params, "crashes": crashes, "together": together - len(rows)})
            names = tuple(found.keys())
            more = [dict(zip(names, row, strict=True)) for row in found]  # a mapping of SQLAlchemy's costs far more
            rows += sorted(more, key=lambda row: (row["due_at"], row["id"]))
            if len(rows) == together:
                break
        if rows:
            return rows
    return []


# --- The statements of the hot path: built once, most of them as text -------------------------------------------------


@lru_cache(maxsize=16)
def _taken(
    dialect: str, playbooks: tuple[str, ...], without: tuple[str, ...], *, urgent: bool
) -> sa.sql.dml.ReturningUpdate[Any]:
    now = sa.bindparam("now", type_=outbox.c.due_at.type)
    due = (
        sa.select(outbox.c.id)
        .where(_URGENT if urgent else _WAITING, outbox.c.due_at <= now, outbox.c.playbook.in_(playbooks))
        .where(*_by_others(without), *not_held(outbox.c.playbook, "sends"))
        .where(outbox.c.crash_count == sa.bindparam("crashes", type_=outbox.c.crash_count.type))
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(sa.bindparam("together", type_=sa.Integer()))
        .with_for_update(skip_locked=True)
    )
    values = {"state": "claimed", "attempt_id": sa.bindparam("attempt"), "lease_until": _lease_end(dialect)}
    return sa.update(outbox).where(outbox.c.id.in_(due)).values(values).returning(*outbox.c)


@cache
def _begin(dialect: str) -> Prepared:
    now = sa.bindparam("now", type_=outbox.c.sent_at.type)
    statement = (
        sa.update(outbox)
        .where(
            outbox.c.id == sa.bindparam("message_id"),
            outbox.c.attempt_id == sa.bindparam("attempt"),
            _any_of(ALLOWED["sending"]),
        )
        .values(state="sending", sent_at=now, attempts=outbox.c.attempts + 1, lease_until=_lease_end(dialect))
    )
    return Prepared(statement, dialect)


def _lease_end(dialect: str) -> sa.ColumnElement[Any]:
    if dialect == "sqlite":
        return sa.bindparam("until", type_=outbox.c.lease_until.type)
    span = sa.func.make_interval(0, 0, 0, 0, 0, 0, sa.literal_column(str(LEASE.total_seconds())))
    return sa.type_coerce(sa.func.clock_timestamp() + span, outbox.c.lease_until.type)


def _any_of(states: Iterable[str]) -> sa.ColumnElement[bool]:
    return sa.or_(*(outbox.c.state == sa.literal_column(f"'{state}'") for state in sorted(states)))


def begin_sending(connection: sa.Connection, attempt: str, ids: Sequence[int], now: datetime) -> set[int]:
    """Commits to sending: after this a crash leaves doubt. Returns those that are still this attempt's."""
    same = {"attempt": attempt, "now": now, "until": now + LEASE}
    if _begin(connection.dialect.name).many(connection, [{**same, "message_id": id_} for id_ in ids]) == len(ids):
        return set(ids)
    mine = (outbox.c.id.in_(ids), outbox.c.attempt_id == attempt, outbox.c.state == "sending")
    return set(connection.execute(sa.select(outbox.c.id).where(*mine)).scalars())


@cache
def _settle(dialect: str, state: str) -> Prepared:
    went_at = sa.bindparam("went_at", type_=outbox.c.sent_at.type)
    statement = (
        sa.update(outbox)
        .where(
            outbox.c.id == sa.bindparam("message_id"),
            outbox.c.attempt_id == sa.bindparam("attempt"),
            _any_of(ALLOWED[state]),
        )
        .values(
            state=sa.literal_column(f"'{state}'"),
            reason=sa.bindparam("why", type_=outbox.c.reason.type),
            due_at=sa.func.coalesce(sa.bindparam("next_at", type_=outbox.c.due_at.type), outbox.c.due_at),
            language=sa.func.coalesce(sa.bindparam("tongue", type_=outbox.c.language.type), outbox.c.language),
            # One that is sent again may have gone the first time, whatever comes of it now.
            sent_at=sa.case((outbox.c.dup_risk > 0, sa.func.coalesce(went_at, outbox.c.sent_at)), else_=went_at),
            attempts=outbox.c.attempts + sa.bindparam("tried", type_=outbox.c.attempts.type),
            dup_risk=outbox.c.dup_risk + sa.bindparam("again", type_=outbox.c.dup_risk.type),
            lease_until=None,
        )
    )
    return Prepared(statement, dialect)


@cache
def _try(dialect: str) -> Prepared:
    names = ("id", "message_id", "at", "outcome", "code", "reply")
    values = {name: sa.bindparam(name, type_=attempts.c[name].type) for name in names}
    return Prepared(insert(dialect, attempts).values(values).on_conflict_do_nothing(), dialect)


def settle(connection: sa.Connection, attempt: str, moves: Iterable[Row], now: datetime) -> None:
    """Records what came of messages of this attempt: `id`, `state`, `reason`, `due_at`, `language`, `code`, `reply`, and
    `next_try`, when another channel is to be tried. Doing it again changes nothing.

    A message that has moved on to another attempt meanwhile is left to it; what this one met is on record all the same.
    """
    moves, dialect = list(moves), connection.dialect.name
    late: set[int] = set()
    for state in sorted({move["state"] for move in moves}):
        group = [move for move in moves if move["state"] == state]
        if _settle(dialect, state).many(connection, [_bound(move, attempt, now) for move in group]) < len(group):
            late |= settle_late(connection, attempt, state, group, now)
    # A reply may hold an address, and who was erased meanwhile is not written down again.
    gone = nobodys(connection, late) if late else set()
    told = [
        _told(move, attempt, now, late) for move in moves if move.get("reply") is not None and move["id"] not in gone
    ]
    _try(dialect).many(connection, told)
    follow(connection, moves, attempt)


def _told(move: Row, attempt: str, now: datetime, late: Collection[int]) -> dict[str, Any]:
    outcome = "accepted_late" if move["state"] == "sent" and move["id"] in late else move["state"]
    return {
        "id": f"{attempt}/{move['id']}", "message_id": move["id"], "at": now,
        "outcome": outcome, "code": move.get("code"), "reply": move["reply"],
    }  # fmt: skip


def _bound(move: Row, attempt: str, now: datetime) -> dict[str, Any]:
    went = move["state"] in ("sent", "uncertain")
    return {
        "message_id": move["id"],
        "attempt": attempt,
        "why": move.get("reason"),
        "next_at": move.get("due_at"),
        "tongue": move.get("language"),
        "went_at": now if went else None,
        # `sending` counted already; a refusal before it (connection, recipient) counts here.
        "tried": 1 if move.get("reply") is not None and not move.get("sending") else 0,
        "again": move.get("again", 0),
    }


# --- Leases -----------------------------------------------------------------------------------------------------------


def overdue(dialect: str) -> sa.Select[Any]:
    """Whether a worker died with messages in its hands: any row at all."""
    return sa.select(sa.literal_column("1")).select_from(outbox).where(_LEASED, is_over(dialect)).limit(1)


def is_over(dialect: str) -> sa.ColumnElement[bool]:
    """Whether a lease has run out."""
    return outbox.c.lease_until < lease_clock(dialect)


def renew(connection: sa.Connection, held: Sequence[str], now: datetime) -> None:
    """The worker of these attempts is alive."""
    lives = (_LEASED, outbox.c.attempt_id.in_(held))
    until = lease_end(connection.dialect.name, now, LEASE)
    connection.execute(sa.update(outbox).where(*lives).values(lease_until=until))
