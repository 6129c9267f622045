"""The outbox as a ledger: which states a message can be in, and the only statements that move it between them.

planned -> claimed -> sending -> sent, with deferred, failed, uncertain, suppressed, skipped, expired and cancelled beside.
`claimed` is certainly not sent; `sending` is committed before the first byte of content leaves, so that a crash can
leave doubt only about messages in it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engine.clocks.times import Length
from engine.outgoing.tries import follow
from engine.store.brakes import not_held
from engine.store.dialect import lease_clock, lease_end
from engine.store.ledger import LEASED, WAITING, attempts, outbox

#: How long a worker may prepare a message, and how long it may take to hand it over, before others take it for dead.
CLAIM_LEASE = timedelta(seconds=60)
SENDING_LEASE = timedelta(seconds=660)  # RFC 5321, 4.5.3.2.6 gives the receiver ten minutes after the final dot

#: States from which each state can be reached.
ALLOWED: Mapping[str, frozenset[str]] = {
    "claimed": frozenset({"planned", "deferred"}),
    "sending": frozenset({"claimed"}),
    "planned": frozenset({"claimed", "sending"}),
    "deferred": frozenset({"claimed", "sending"}),
    "sent": frozenset({"sending", "uncertain"}),
    "failed": frozenset({"claimed", "sending"}),
    "uncertain": frozenset({"sending"}),
    "suppressed": frozenset({"claimed"}),
    "skipped": frozenset({"claimed"}),  # this channel cannot reach the customer, and another is tried
    "expired": frozenset({"claimed"}),
    "cancelled": frozenset({"claimed"}),
}

#: Messages in these states wait for a claim, in the words of the partial index. Not typed as yes or no: SQLite would get
#: `… = 1`, which the index does not have, and read the whole table.
_WAITING: sa.ColumnElement[bool] = sa.literal_column(WAITING)
_LEASED: sa.ColumnElement[bool] = sa.literal_column(LEASED)


def waiting(playbooks: Sequence[str], without: Collection[str] = ()) -> sa.Select[Any]:
    """Whether any message of these playbooks may be due at :now, those by the channels `without` left out."""
    now = sa.bindparam("now", type_=outbox.c.due_at.type)
    due = [_WAITING, outbox.c.due_at <= now, outbox.c.playbook.in_(playbooks), *_by_others(without)]
    due += not_held(outbox.c.playbook, "sends")
    return sa.select(sa.literal_column("1")).select_from(outbox).where(*due).limit(1)


def _by_others(without: Collection[str]) -> list[sa.ColumnElement[bool]]:
    return [outbox.c.channel.not_in(sorted(without))] if without else []


def claim(
    connection: sa.Connection,
    attempt: str,
    now: datetime,
    most: int,
    playbooks: Sequence[str],
    without: Collection[str] = (),
) -> list[Mapping[str, Any]]:
    """Takes up to `most` messages whose time has come, under a lease; other workers pass over them.

    Those by the channels `without` are left alone.
    """
    dialect = connection.dialect.name
    due = (
        sa.select(outbox.c.id)
        .where(_WAITING, outbox.c.due_at <= sa.literal(now, outbox.c.due_at.type), outbox.c.playbook.in_(playbooks))
        .where(*_by_others(without), *not_held(outbox.c.playbook, "sends"))
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    statement = (
        sa.update(outbox)
        .where(outbox.c.id.in_(due))
        .values(state="claimed", attempt_id=attempt, lease_until=lease_end(dialect, now, CLAIM_LEASE))
        .returning(*outbox.c)
    )
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    return sorted(rows, key=lambda row: (row["due_at"], row["id"]))


def begin_sending(connection: sa.Connection, attempt: str, ids: Sequence[int], now: datetime) -> set[int]:
    """Commits to sending: after this a crash leaves doubt. Returns those that are still this attempt's."""
    statement = (
        sa.update(outbox)
        .where(outbox.c.id.in_(ids), outbox.c.attempt_id == attempt, outbox.c.state.in_(ALLOWED["sending"]))
        .values(
            state="sending",
            sent_at=now,
            attempts=outbox.c.attempts + 1,
            lease_until=lease_end(connection.dialect.name, now, SENDING_LEASE),
        )
        .returning(outbox.c.id)
    )
    return set(connection.execute(statement).scalars())


def settle(connection: sa.Connection, attempt: str, moves: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Records what came of messages of this attempt: `id`, `state`, `reason`, `due_at`, `language`, `code`, `reply`, and
    `next_try`, when another channel is to be tried.

    A message that has moved on to another attempt meanwhile is left as it is; what this one met is on record all the same.
    """
    moves = list(moves)
    for state in sorted({move["state"] for move in moves}):
        group = [move for move in moves if move["state"] == state]
        statement = (
            sa.update(outbox)
            .where(
                outbox.c.id == sa.bindparam("message_id"),
                outbox.c.attempt_id == attempt,
                sa.or_(*(outbox.c.state == before for before in sorted(ALLOWED[state]))),
            )
            .values(
                state=state,
                reason=sa.bindparam("why", type_=outbox.c.reason.type),
                due_at=sa.func.coalesce(sa.bindparam("next_at", type_=outbox.c.due_at.type), outbox.c.due_at),
                language=sa.func.coalesce(sa.bindparam("tongue", type_=outbox.c.language.type), outbox.c.language),
                sent_at=sa.bindparam("went_at", type_=outbox.c.sent_at.type),
                attempts=outbox.c.attempts + sa.bindparam("tried", type_=outbox.c.attempts.type),
                lease_until=None,
            )
        )
        connection.execute(statement, [_bound(move, now) for move in group])
    tried = [move for move in moves if move.get("reply") is not None]
    if tried:
        rows = [
            {
                "id": f"{attempt}/{move['id']}", "message_id": move["id"], "at": now,
                "outcome": move["state"], "code": move.get("code"), "reply": move["reply"],
            }
            for move in tried
        ]  # fmt: skip
        connection.execute(sa.insert(attempts), rows)
    follow(connection, moves, attempt)


def _bound(move: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    went = move["state"] in ("sent", "uncertain")
    return {
        "message_id": move["id"],
        "why": move.get("reason"),
        "next_at": move.get("due_at"),
        "tongue": move.get("language"),
        "went_at": now if went else None,
        # `sending` counted already; a refusal before it (connection, recipient) counts here.
        "tried": 1 if move.get("reply") is not None and not move.get("sending") else 0,
    }


def overdue(dialect: str) -> sa.Select[Any]:
    """Whether a worker died with messages in its hands: any row at all."""
    return sa.select(sa.literal_column("1")).select_from(outbox).where(*_over(dialect)).limit(1)


def _over(dialect: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (_LEASED, outbox.c.lease_until < lease_clock(dialect))


def reap(connection: sa.Connection, now: datetime) -> None:
    """Takes back what a dead worker held. What it only held was certainly not sent and is planned again.

    What it was sending is `uncertain`: a marketing message is not repeated, a transactional one is, once, under the
    same Message-ID. A call of another system is repeated until that answers, under the same Idempotency-Key.
    """
    over = _over(connection.dialect.name)
    sending = outbox.c.state == "sending"
    once_more = sa.and_(outbox.c.purpose == "transactional", outbox.c.attempts < 2)
    again = (sending, sa.or_(outbox.c.channel == "webhook", once_more))
    doubt = "no answer when it was handed over"
    for which, values in (
        ((outbox.c.state == "claimed",), {"state": "planned"}),
        (again, {"state": "deferred", "reason": f"{doubt}; sent once more", "sent_at": None}),
    ):
        connection.execute(sa.update(outbox).where(*over, *which).values(**values, lease_until=None), {"now": now})
    lost = sa.update(outbox).where(*over, sending).values(state="uncertain", reason=doubt, lease_until=None)
    rows = connection.execute(lost.returning(outbox.c.id, outbox.c.unless_opened), {"now": now}).all()
    waits = [{"id": id_, "next_try": now + Length.parse(wait).approximate} for id_, wait in rows if wait is not None]
    follow(connection, waits)
