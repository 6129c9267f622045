"""Doubts: what dead workers had in their hands, what becomes of messages without an answer, and the signs that settle it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.clocks.times import Length
from engine.failpoints import reach
from engine.outgoing.frozen import drop
from engine.outgoing.opened import opened
from engine.outgoing.outbox import DEADLY, is_over
from engine.outgoing.policy import Policy, is_keyed
from engine.outgoing.states import ALLOWED, FINAL
from engine.outgoing.tries import follow
from engine.shop import Shop
from engine.store.ledger import LEASED, UNCERTAIN, outbox

Row = Mapping[str, Any]

NO_ANSWER = "no answer when it was handed over"
_DEADLY = f"{DEADLY} workers died with it in their hands"
_BATCH = 500
_LEASED: sa.ColumnElement[bool] = sa.literal_column(LEASED)
_UNCERTAIN: sa.ColumnElement[bool] = sa.literal_column(UNCERTAIN)


def _doubted(shop: Shop, row: Row, now: datetime) -> dict[str, Any]:
    """The move of a message that was handed over without an answer."""
    if is_keyed(row):
        return {"state": "deferred", "again": 1}
    return {"state": "uncertain", "due_at": now + Policy.of(shop, row).wait.approximate}


# --- What dead workers held -------------------------------------------------------------------------------------------


def reap(connection: sa.Connection, shop: Shop, now: datetime, *, everything: bool = False) -> None:
    """Takes back what dead workers held; `everything`, where no other worker can be alive.

    What one only held was certainly not sent and is planned again; what one was sending is in doubt.
    """
    over = [_LEASED] if everything else [_LEASED, is_over(connection.dialect.name)]
    found = sa.select(outbox).where(*over).order_by(outbox.c.id).with_for_update(skip_locked=True)
    rows = [dict(row) for row in connection.execute(found, {"now": now}).mappings()]
    moves = [_taken_back(shop, row, now) for row in rows]
    for half in (moves[: len(moves) // 2], moves[len(moves) // 2 :]):
        _move(connection, half)
        reach("reap.half")
    waits = [
        {"id": row["id"], "next_try": now + Length.parse(row["unless_opened"]).approximate}
        for row, move in zip(rows, moves, strict=True)
        if move["state"] == "uncertain" and row["unless_opened"] is not None
    ]
    follow(connection, waits)


def _taken_back(shop: Shop, row: Row, now: datetime) -> dict[str, Any]:
    was_sending = row["state"] == "sending"
    if row["crash_count"] + 1 >= DEADLY:
        said = f"{_DEADLY}; it may have gone" if was_sending else _DEADLY
        move: dict[str, Any] = {"state": "review", "reason": said}
    elif was_sending:
        move = {"reason": NO_ANSWER, **_doubted(shop, row, now)}
        move |= {"due_at": now} if is_keyed(row) else {}
    else:
        move = {"state": "planned"}
    again = move.pop("again", 0)
    return {
        "reason": row["reason"], "due_at": row["due_at"], **move, "id": row["id"], "was": row["state"],
        "crash_count": row["crash_count"] + 1, "dup_risk": row["dup_risk"] + again,
    }  # fmt: skip


def _move(connection: sa.Connection, moves: Sequence[Mapping[str, Any]]) -> None:
    """Writes whole moves of rows that this transaction has locked; each on the condition of the graph."""
    for move in moves:
        if move["was"] not in ALLOWED[move["state"]]:
            raise ValueError(f"a message cannot go from {move['was']} to {move['state']}")
    if moves:
        names = ("state", "reason", "due_at", "crash_count", "dup_risk")
        values = {name: sa.bindparam(f"its_{name}", type_=outbox.c[name].type) for name in names}
        here = (outbox.c.id == sa.bindparam("message_id"), outbox.c.state == sa.bindparam("was"))
        statement = sa.update(outbox).where(*here).values(**values, lease_until=None)
        bound = [
            {"message_id": one["id"], "was": one["was"], **{f"its_{name}": one[name] for name in names}}
            for one in moves
        ]
        connection.execute(statement, bound)


# --- What becomes of messages without an answer -----------------------------------------------------------------------


def undecided() -> sa.Select[Any]:
    """Whether any message without an answer has waited for a sign long enough at :now."""
    due = (
        _UNCERTAIN,
        outbox.c.state == "uncertain",
        outbox.c.due_at <= sa.bindparam("now", type_=outbox.c.due_at.type),
    )
    return sa.select(sa.literal_column("1")).select_from(outbox).where(*due).limit(1)


def decide(connection: sa.Connection, shop: Shop, now: datetime) -> dict[str, int]:
    """Settles the doubts that have waited long enough, by signs or by the policy; counts them by their new state."""
    due = (_UNCERTAIN, outbox.c.state == "uncertain", outbox.c.due_at <= now)
    found = sa.select(outbox).where(*due).order_by(outbox.c.due_at).limit(_BATCH).with_for_update(skip_locked=True)
    rows = [dict(row) for row in connection.execute(found).mappings()]
    taken = _signs(connection, shop, rows, now)
    moves = [_decided(shop, row, row["id"] in taken, now) for row in rows]
    _move(connection, moves)
    drop(connection, [move["id"] for move in moves if move["state"] in FINAL])
    reach("uncertain.decided")
    counts: dict[str, int] = {}
    for move in moves:
        counts[move["state"]] = counts.get(move["state"], 0) + 1
    return counts


def _decided(shop: Shop, row: Row, is_taken: bool, now: datetime) -> dict[str, Any]:
    policy, reason = Policy.of(shop, row), row["reason"]
    in_time = row["expires_at"] is None or row["expires_at"] > now
    move: dict[str, Any] = {"state": "assumed_sent"}
    if is_taken:
        move = {"state": "sent", "reason": None}
    elif policy.way == "review":
        move = {"state": "review"}
    elif policy.way == "resend" and row["dup_risk"] < policy.resends and in_time:
        move = {
            "state": "planned",
            "due_at": now,
            "dup_risk": row["dup_risk"] + 1,
            "reason": f"{reason}; sent once more",
        }
    return {
        "reason": reason, "due_at": row["due_at"], "dup_risk": row["dup_risk"], **move,
        "id": row["id"], "was": row["state"], "crash_count": row["crash_count"],
    }  # fmt: skip


def _signs(connection: sa.Connection, shop: Shop, rows: Sequence[Row], now: datetime) -> set[int]:
    """The messages of which there is a sign that they were taken: they came back, or somebody read them."""
    read = opened(shop, connection, [(row, row["sent_at"] or now) for row in rows], now)
    return read | {row["id"] for row in rows if row["bounced_at"] is not None}


def confirm(connection: sa.Connection, ids: Collection[int]) -> None:
    """There is a sign that these messages were taken: where that was in doubt, it no longer is."""
    doubtful = ALLOWED["sent"] & {"uncertain", "assumed_sent", "review"}
    mine = (outbox.c.id.in_(sorted(ids)), outbox.c.state.in_(sorted(doubtful)), outbox.c.sent_at.is_not(None))
    connection.execute(sa.update(outbox).where(*mine).values(state="sent", reason=None))


def answer(connection: sa.Connection, message: int, *, again: bool, now: datetime) -> str | None:
    """A person has looked at a message without an answer: it went, or it is to go again. Returns the state it had."""
    found = sa.select(outbox.c.state).where(outbox.c.id == message).with_for_update()
    before: str | None = connection.execute(found).scalar()
    if before not in ("uncertain", "review"):
        return before
    values: dict[str, Any] = {"state": "sent", "reason": None, "sent_at": sa.func.coalesce(outbox.c.sent_at, now)}
    if again:
        went = sa.case((outbox.c.sent_at.is_not(None), outbox.c.dup_risk + 1), else_=outbox.c.dup_risk)
        values = {"state": "planned", "reason": None, "due_at": now, "dup_risk": went, "crash_count": 0}
    connection.execute(sa.update(outbox).where(outbox.c.id == message, outbox.c.state == before).values(values))
    return before
