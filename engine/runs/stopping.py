"""What is not said any more: messages of runs that went all their steps, and would be stopped now, before they went out.

A message can wait long after its run's last step: for the send window, for a cap, for a brake.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.runs.known import Wanted, know
from engine.shop import Shop
from engine.store.ledger import enrolments
from engine.workspace.playbook import Playbook


def stopped_since(
    connection: sa.Connection, shop: Shop, messages: Sequence[Mapping[str, Any]], now: datetime
) -> dict[int, str]:
    """The runs behind these rows of the outbox that are done and would be stopped now, each with the reason."""
    asked: dict[tuple[str, str], tuple[Playbook, set[int]]] = {}
    for message in messages:
        playbook = shop.pinned(connection, message["playbook"], message["revision"])
        if playbook is not None and playbook.stop_when:
            asked.setdefault((playbook.id, playbook.revision), (playbook, set()))[1].add(message["enrolment_id"])
    found: dict[int, str] = {}
    for playbook, runs in asked.values():
        done = sa.select(enrolments).where(enrolments.c.id.in_(runs), enrolments.c.state == "done")
        rows = [dict(row) for row in connection.execute(done).mappings()]
        for known in (
            know(connection, shop, playbook, rows, Wanted.of(playbook, shop.catalogue, shop.segments), now)
            if rows
            else ()
        ):
            why = known.stopped() if known is not None else None
            if known is not None and why is not None:
                found[known.row["id"]] = why
    return found
