"""Where a run stands, in words: at which step and until when, in which round, since when it stands still, which way it went."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.actions.repeat import Repeat
from engine.clocks.times import LATEST
from engine.store.ledger import had, variants
from engine.workspace.playbook import Playbook

Say = Callable[[datetime], str]


def whereabouts(connection: sa.Connection, playbook: Playbook, row: Mapping[str, Any], say: Say) -> Iterator[str]:
    """What there is to say of a run (a row of the enrolments); `say` writes an instant."""
    drawn = sa.select(variants.c.step, variants.c.variant).where(variants.c.enrolment_id == row["id"])
    for step, variant in connection.execute(drawn.order_by(variants.c.at)):
        yield f"went the way `{variant}` at `{step}`"
    if row["state"] != "running" or row["step"] is None:
        yield from _not_begun(row, say)
        return
    for name, number in (row["rounds"] or {}).items():
        again = playbook.steps.get(name)
        rounds = f" of {again.action.repeat}" if again is not None and isinstance(again.action, Repeat) else ""
        yield f"round {number}{rounds} of `{again.text if again is not None else name}`"
    found = playbook.steps.get(row["step"])
    at = found.text if found is not None else row["step"]
    if row["suspended_at"] is not None:
        yield f"stands still at `{at}` since {say(row['suspended_at'])}: {playbook.suspend_while}"
    else:
        # Where it waits, the end of the wait: it may be looked at before, to see whether anything has changed.
        over = row["resume_at"] or row["due_at"]
        yield f"stands at `{at}` until {say(over) if over < LATEST else 'it comes'}"


def _not_begun(row: Mapping[str, Any], say: Say) -> Iterator[str]:
    """Why a run has not come to its first step."""
    if row["joins"] is not None:
        yield f"joined the run of the occasion {row['joins']}"
    elif row["state"] == "waiting" and row["due_at"] >= LATEST:
        yield "is part of a backlog: it begins, or is left out, when somebody releases the playbook"
    elif row["state"] == "waiting":
        yield f"waits for a brake to let it begin; asked for a place from {say(row['due_at'])} on"
    elif row["state"] == "running" and row["collect_until"] is not None:
        yield f"collects further events until {say(row['collect_until'])}"


def told_of(connection: sa.Connection, playbook: Playbook, customer_id: str) -> Iterator[str]:
    """How far the customer is in the series that the playbook sends."""
    for name, messages in playbook.series.items():
        mine = (had.c.customer_id == customer_id, had.c.series == name)
        count = len(set(connection.scalars(sa.select(had.c.message).where(*mine))) & set(messages))
        following = "" if count < len(messages) else "; nothing is left to say"
        yield f"had {count} of {len(messages)} messages of the series `{name}`{following}"
