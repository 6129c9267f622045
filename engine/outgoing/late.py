"""Answers that come late: the worker was taken for dead, and somebody else has taken its message up since."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.outgoing.states import ALLOWED
from engine.store.erasures import NOBODY
from engine.store.ledger import outbox


def settle_late(
    connection: sa.Connection, attempt: str, state: str, moves: Sequence[Mapping[str, Any]], now: datetime
) -> set[int]:
    """Those of the moves to one state that came late. One that was taken is on record as such, whoever has it now.

    The others' moves mean nothing any more: whoever has the message now finds out by itself.
    """
    ids = [move["id"] for move in moves]
    columns = (outbox.c.id, outbox.c.state, outbox.c.attempt_id)
    found = connection.execute(sa.select(*columns).where(outbox.c.id.in_(ids)).with_for_update()).all()
    late = {id_: present for id_, present, holder in found if holder != attempt}
    if state == "sent" and late:
        # Nobody else has begun to send it, or has heard an answer, so that settles it; else it went twice, and that is said.
        stands = {"state": "sent", "sent_at": now, "reason": None, "lease_until": None, "attempt_id": attempt}
        settles = {id_ for id_, present in late.items() if present in ALLOWED["sent"] - {"sending"}}
        twice = {id_ for id_, present in late.items() if present in ("sending", "sent")}
        connection.execute(sa.update(outbox).where(outbox.c.id.in_(settles)).values(stands))
        connection.execute(sa.update(outbox).where(outbox.c.id.in_(twice)).values(duplicate_known=True))
    return set(late)


def nobodys(connection: sa.Connection, ids: Collection[int]) -> set[int]:
    """Those of the messages whose customers were erased."""
    mine = (outbox.c.id.in_(ids), outbox.c.customer_id.startswith(NOBODY))
    return set(connection.execute(sa.select(outbox.c.id).where(*mine)).scalars())
