"""How an occasion enters: as a run that begins at once, or as one that waits for a brake to let it begin."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from engine.clocks.times import EARLIEST, LATEST
from engine.settings.braking import Brakes
from engine.store.brakes import EVERYTHING, holds_on
from engine.store.types import Instant
from engine.trigger import Window
from engine.workspace.playbook import Playbook

#: The state of a run that a brake has not let begin.
WAITS: Final = "waiting"
#: An occasion that a pass sees so much later than it was is part of a backlog.
OVERDUE: Final = timedelta(hours=1)


def is_braked(own: Brakes, everywhere: Brakes) -> bool:
    """Whether any brake is about people who begin."""
    return any(one.entries or one.canary or one.backlog for one in (own, everywhere))


def how_to_enter(
    connection: sa.Connection, playbook: Playbook, everywhere: Brakes, window: Window
) -> Mapping[str, Any]:
    """What the statements of enrolment bind: the state of those who enter, and from when on an occasion is overdue."""
    own, held = playbook.guarded.brakes, holds_on(connection, "entries")
    waits = is_braked(own, everywhere) or playbook.id in held or EVERYTHING in held
    before = EARLIEST
    if own.backlog or everywhere.backlog:
        # When an audience was entered is not known better than by the pass that sees it.
        stood_still = playbook.trigger.audience is not None and window.until - window.since > OVERDUE
        before = LATEST if stood_still else window.until - OVERDUE
    return {"enters_as": WAITS if waits else "running", "overdue_before": before}


def overdue(fired_at: sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    """Whether an occasion is part of a backlog."""
    return fired_at < sa.bindparam("overdue_before", type_=Instant)
