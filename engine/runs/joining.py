"""Occasions that join a run which still collects (`collect:`), instead of beginning one of their own."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.store.instants import shifted
from engine.store.ledger import enrolments
from engine.store.types import Instant, Key
from engine.trigger import Collecting, Firing
from engine.workspace.playbook import Playbook

#: The state of a row that joined another run; it is no run and no refusal.
COLLECTED = "collected"
#: Runs that may still collect.
_OPEN = ("running", "waiting")


def joined(playbook: Playbook, first: sa.Subquery) -> sa.ColumnElement[str]:
    """The occasion of the run that an occasion joins by its own time, however late a pass sees it; NULL for none."""
    collecting = playbook.trigger.collecting
    if collecting is None:
        return sa.cast(sa.null(), sa.Text)
    run = enrolments.alias("collects")
    return (
        sa.select(run.c.occasion)
        .where(
            run.c.playbook == sa.literal(playbook.id, Key),
            run.c.customer_id == first.c.customer_id,
            run.c.state.in_([sa.literal(one, Key) for one in _OPEN]),
            run.c.step.is_(None),
            run.c.collect_until >= first.c.fired_at,
            # One that is recorded later than it happened joins too, if it came as close before the first.
            run.c.fired_at <= shifted(first.c.fired_at, collecting.quiet),
            *((run.c.key == first.c.key,) if playbook.key is not None else ()),
        )
        .order_by(run.c.id)
        .limit(1)
        .scalar_subquery()
    )


def collects_until(playbook: Playbook, fired_at: sa.ColumnElement[datetime]) -> sa.ColumnElement[datetime]:
    """Until when a run that begins collects, if nothing more comes; NULL where it does not collect."""
    collecting = playbook.trigger.collecting
    return sa.cast(sa.null(), Instant) if collecting is None else shifted(fired_at, _shorter(collecting))


def hold_open(playbook: Playbook, firing: Firing) -> sa.Select[int] | None:
    """Takes the runs that occasions may join, until the transaction ends: one that another worker begins just now is
    waited for, and no longer joined, for its steps have been without the newcomer. None where nothing is collected."""
    if playbook.trigger.collecting is None:
        return None
    fired = firing.candidates.subquery("fired")
    mine = enrolments.c.playbook == sa.literal(playbook.id, Key), *_collects()
    held = sa.select(enrolments.c.id).where(*mine, enrolments.c.customer_id.in_(sa.select(fired.c.customer_id)))
    return held.order_by(enrolments.c.id).with_for_update()


def _collects() -> tuple[sa.ColumnElement[bool], ...]:
    return enrolments.c.state.in_([sa.literal(one, Key) for one in _OPEN]), enrolments.c.step.is_(None)


def slide(playbook: Playbook, firing: Firing) -> sa.Update | None:
    """Moves the end of the runs that others joined on; the same again changes nothing."""
    collecting = playbook.trigger.collecting
    if collecting is None:
        return None
    other, fired = enrolments.alias("other"), firing.candidates.subquery("fired")
    last = (
        sa.select(sa.func.max(other.c.fired_at, type_=Instant()))
        .where(
            other.c.playbook == enrolments.c.playbook,
            other.c.customer_id == enrolments.c.customer_id,
            other.c.joins == enrolments.c.occasion,
            other.c.state == sa.literal(COLLECTED, Key),
        )
        .scalar_subquery()
    )
    latest = shifted(enrolments.c.fired_at, collecting.at_most)
    quiet = shifted(last, collecting.quiet)
    until = sa.case((quiet > latest, latest), else_=quiet)
    return (
        sa.update(enrolments)
        .where(
            enrolments.c.playbook == sa.literal(playbook.id, Key),
            enrolments.c.customer_id.in_(sa.select(fired.c.customer_id)),
            *_collects(),
            enrolments.c.collect_until < until,
        )
        .values(collect_until=until, due_at=until)
    )


def _shorter(collecting: Collecting) -> timedelta:
    return min(collecting.quiet, collecting.at_most)
