"""What is not said any more: messages of runs that went all their steps, and would be stopped now, before they went out.

A message can wait long after its run's last step: for the send window, for a cap, for a brake.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.runs.known import Wanted, know
from engine.runs.started import COLUMNS
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
        wanted = Wanted.of(playbook, shop.catalogue, shop.segments)
        rows = _of_heard(connection, shop, playbook, _done(connection, runs, wanted), wanted, now)
        for known in know(connection, shop, playbook, rows, wanted, now) if rows else ():
            why = known.stopped() if known is not None else None
            if known is not None and why is not None:
                found[known.row["id"]] = why
    return found


def _of_heard(
    connection: sa.Connection,
    shop: Shop,
    playbook: Playbook,
    rows: list[dict[str, Any]],
    wanted: Wanted,
    now: datetime,
) -> list[dict[str, Any]]:
    """Those of which there is anything to know: where only events end a run, the customers who did one of them."""
    if not rows or playbook.trigger.origin.record is not None or any(one.event is None for one in playbook.stop_when):
        return rows
    ids, since = {row["customer_id"] for row in rows}, min(row["fired_at"] for row in rows)
    did = {who for name in wanted.events for who in shop.facts.happened(connection, name, ids, since, now)}
    return [row for row in rows if row["customer_id"] in did]


def _done(connection: sa.Connection, runs: Collection[int], wanted: Wanted) -> list[dict[str, Any]]:
    """Those of the runs that went all their steps, with the results alone that are asked for."""
    columns = (*COLUMNS, enrolments.c.key, enrolments.c.step_since, enrolments.c.results)
    found = connection.execute(sa.select(*columns).where(enrolments.c.id.in_(runs), enrolments.c.state == "done"))
    names = tuple(found.keys())
    rows = [dict(zip(names, row, strict=True)) for row in found]
    for row in rows:
        row["results"] = {name: one for name, one in (row["results"] or {}).items() if name in wanted.scopes}
    return rows
