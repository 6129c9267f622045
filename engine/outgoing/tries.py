"""The channels of one message, one after the other: which is the first, and which follows where one fails or is not opened."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.dialect import insert
from engine.store.ledger import outbox

Row = Mapping[str, Any]

#: Ends after which the next channel may be tried: this one took nothing, or took it and the message stays unopened.
_NOT_TAKEN, _TAKEN = ("skipped", "failed"), ("sent", "uncertain", "assumed_sent")

#: What a next try does not take over from the one before it.
_ITS_OWN = frozenset(
    (
        "id",
        "state",
        "reason",
        "attempts",
        "attempt_id",
        "lease_until",
        "language",
        "sent_at",
        "bounced_at",
        "dup_risk",
        "crash_count",
        "duplicate_known",
        "recipient",
        "fields",
    )
)


def in_order(preferred: str | None, usable: Sequence[str]) -> list[str]:
    """The usable channels, the customer's preferred one first."""
    return sorted(usable, key=lambda channel: channel != preferred)  # stable: the others keep their order


def fix_channels(connection: sa.Connection, attempt: str, rows: Iterable[Row]) -> None:
    """Writes down which channel was chosen, and which are left, for messages that left it to the customer."""
    values = [{"message_id": row["id"], "first": row["channel"], "rest": row["channels"]} for row in rows]
    if values:
        mine = (outbox.c.id == sa.bindparam("message_id"), outbox.c.attempt_id == attempt)
        chosen = {"channel": sa.bindparam("first"), "channels": sa.bindparam("rest", type_=outbox.c.channels.type)}
        connection.execute(sa.update(outbox).where(*mine).values(chosen), values)


def follow(connection: sa.Connection, moves: Iterable[Row], attempt: str | None = None) -> None:
    """Plans the next try of messages (`id` and `next_try`, its time), where a channel is left to try.

    The number of the try is part of the message's key: whoever comes first plans it, and nobody plans it twice. Only a
    message that is still this attempt's is followed; another attempt may have sent what this one could not.
    """
    at = {move["id"]: move["next_try"] for move in moves if move.get("next_try") is not None}
    if not at:
        return
    ended: list[sa.ColumnElement[bool]] = [
        outbox.c.id.in_(at),
        outbox.c.channels.is_not(None),
        outbox.c.state.in_((*_NOT_TAKEN, *_TAKEN)),
    ]
    if attempt is not None:
        ended.append(outbox.c.attempt_id == attempt)
    rows = [dict(row) for row in connection.execute(sa.select(outbox).where(*ended)).mappings()]
    following = [_following(row, at[row["id"]]) for row in rows if row["channels"]]
    if following:
        once = ["enrolment_id", "step", "iteration", "rank"]
        connection.execute(
            insert(connection.dialect.name, outbox).on_conflict_do_nothing(index_elements=once), following
        )


def _following(row: Row, at: datetime) -> dict[str, Any]:
    channel, *rest = row["channels"]
    taken = row["state"] in _TAKEN
    longest = row["expires_at"] - row["planned_at"] if row["expires_at"] is not None else None
    return {
        **{name: value for name, value in row.items() if name not in _ITS_OWN},
        "rank": row["rank"] + 1,
        "channel": channel,
        "channels": rest or None,
        "state": "planned",
        "due_at": at,
        "expires_at": at + longest if taken and longest is not None else row["expires_at"],
        "opened_since": row["sent_at"] if taken else row["opened_since"],
    }
