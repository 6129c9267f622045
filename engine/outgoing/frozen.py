"""Contents as they were first written: every later attempt sends the same bytes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from engine.channels import Letter
from engine.failpoints import reach
from engine.outgoing.letters import Composed, message_key
from engine.outgoing.states import FINAL
from engine.store.contents import contents
from engine.store.dialect import insert
from engine.store.ledger import LEASED, outbox
from engine.store.prepared import Prepared

Row = Mapping[str, Any]
_BATCH = 1000


_LEASED: sa.ColumnElement[bool] = sa.literal_column(LEASED)
#: The messages that are still an attempt's; built once, since it is asked for each group.
_MINE = (
    sa.select(outbox.c.id)
    .where(
        outbox.c.id.in_(sa.bindparam("ids", expanding=True)), outbox.c.attempt_id == sa.bindparam("attempt"), _LEASED
    )
    .with_for_update()
)


@cache
def _keep(dialect: str) -> Prepared:
    written = insert(dialect, contents).values({one.name: sa.bindparam(one.name, type_=one.type) for one in contents.c})
    anew = {one.name: written.excluded[one.name] for one in contents.c if not one.primary_key}
    return Prepared(written.on_conflict_do_update(index_elements=["message_id"], set_=anew), dialect)


@cache
def _drop(dialect: str) -> Prepared:
    return Prepared(sa.delete(contents).where(contents.c.message_id == sa.bindparam("message_id")), dialect)


def freeze(connection: sa.Connection, attempt: str, written: Sequence[tuple[Row, Composed]], now: datetime) -> None:
    """Keeps contents of messages that are this attempt's, before anything of them leaves.

    Whoever was erased meanwhile has none: what is in a worker's hands then must not be written down again.
    """
    mine = set(connection.scalars(_MINE, {"ids": [row["id"] for row, _ in written], "attempt": attempt}))
    rows = [
        {
            "message_id": row["id"],
            "sender": composed.letter.sender,
            "recipient": composed.letter.recipient,
            "language": composed.language,
            "content": composed.letter.content,
            "hash": sha256(composed.letter.content).hexdigest(),
            "at": now,
        }
        for row, composed in written
        if row["id"] in mine
    ]
    _keep(connection.dialect.name).many(connection, rows)


def drop(connection: sa.Connection, ids: Collection[int]) -> None:
    """Nothing asks for these contents any more."""
    _drop(connection.dialect.name).many(connection, [{"message_id": id_} for id_ in ids])


def frozen(connection: sa.Connection, rows: Sequence[Row]) -> dict[int, Composed]:
    """The contents of messages that were tried before, where they are kept."""
    tried = {row["id"]: row for row in rows if row["attempts"] or row["dup_risk"] or row["crash_count"]}
    if not tried:
        return {}
    found = connection.execute(sa.select(contents).where(contents.c.message_id.in_(tried))).all()
    return {
        one.message_id: Composed(
            Letter(
                message_key(tried[one.message_id]),
                one.sender,
                one.recipient,
                bytes(one.content),
                tried[one.message_id]["channel"],
            ),
            one.language,
            kept=True,
        )
        for one in found
    }


def sweep(connection: sa.Connection) -> int:
    """Removes contents that stayed behind of messages that are over, or gone; how many."""
    open_ = sa.select(outbox.c.id).where(outbox.c.id == contents.c.message_id, outbox.c.state.not_in(FINAL))
    ids = list(connection.execute(sa.select(contents.c.message_id).where(~open_.exists()).limit(_BATCH)).scalars())
    drop(connection, ids)
    reach("upkeep.contents")
    return len(ids)
