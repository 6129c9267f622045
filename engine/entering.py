"""The statements of entry: whose occasions enter, whose are refused and why, and which runs they take the place of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.brakes.admitting import overdue
from engine.conditions import Compiled
from engine.runs.joining import COLLECTED, collects_until, joined
from engine.settings.change import Quota
from engine.store.dialect import insert
from engine.store.instants import shifted
from engine.store.ledger import enrolments
from engine.store.types import Instant, Key
from engine.trigger import Firing, Ground
from engine.workspace.playbook import Playbook

#: A run that goes on, or that a brake has not let begin yet.
_UNDER_WAY = [sa.literal(state, Key) for state in ("running", "waiting")]


@dataclass(frozen=True)
class Entrance:
    """What the statements are built on: a revision of a playbook, and its conditions as SQL."""

    playbook: Playbook
    ground: Ground
    condition: Compiled

    @property
    def quota(self) -> Quota | None:
        """How many may enter at all."""
        quota = self.playbook.change.at_most
        return quota if quota is not None and quota.what == "entries" else None


def insertion(entry: Entrance, firing: Firing, *, refusing: bool) -> Any:
    """The enrolments of a range. Of several occasions of one customer the earliest is decided first, the next one by
    running the statement again, so that each is judged with those before it on record."""
    playbook, ground = entry.playbook, entry.ground
    fired = firing.candidates.subquery("fired")
    key, customers = ground.catalogue.customer_key, ground.catalogue.table(ground.catalogue.customers.name)
    recorded = sa.exists().where(
        enrolments.c.playbook == sa.literal(playbook.id, Key),
        enrolments.c.customer_id == fired.c.customer_id,
        enrolments.c.occasion == fired.c.occasion,
    )
    turn = sa.func.row_number().over(partition_by=fired.c.customer_id, order_by=(fired.c.fired_at, fired.c.occasion))
    new = sa.select(
        fired.c.customer_id,
        fired.c.occasion,
        fired.c.fired_at,
        fired.c.event_id,
        fired.c.key,
        *((turn.label("turn"),) if firing.many else ()),
    )
    if playbook.condition is not None:
        customer = key == ground.catalogue.as_key(fired.c.customer_id)
        new = new.select_from(fired.join(customers, customer)).where(entry.condition.expression)
    anew = firing.many or entry.quota is not None  # what is on record must take no place from another
    first = new.where(*((sa.not_(recorded),) if anew else ())).subquery("first")
    rules = refusing and (playbook.enter is not None or playbook.if_running == "ignore")
    reason = _refusal(playbook, first) if rules else sa.cast(sa.null(), sa.Text)
    joins = joined(playbook, first)
    if playbook.trigger.collecting is not None:
        reason, rules = sa.case((joins.is_not(None), sa.literal(COLLECTED, sa.Text)), else_=reason), True
    judged = sa.select(first, reason.label("refusal"), joins.label("joins"))
    if entry.quota is not None:
        judged, rules = _within_quota(judged.subquery("judged"), entry.quota, many=firing.many), True
    # Materialized: else the databases look anew for what refuses a customer, for every column that depends on it.
    new_ones = judged.cte("new_ones").prefix_with("MATERIALIZED") if rules else judged.subquery("new_ones")
    refusal = new_ones.c.refusal
    until = sa.case((refusal.is_(None), collects_until(playbook, new_ones.c.fired_at)), else_=sa.null())
    now = sa.bindparam("now", type_=Instant)
    values = {
        "playbook": sa.literal(playbook.id, Key),
        "customer_id": new_ones.c.customer_id,
        "occasion": new_ones.c.occasion,
        "revision": sa.literal(playbook.revision, Key),
        "state": sa.case(
            (refusal.is_(None), sa.bindparam("enters_as", type_=Key)),
            (new_ones.c.joins.is_not(None), sa.literal(COLLECTED, Key)),
            else_=sa.literal("refused", Key),
        ),
        "reason": refusal,
        "fired_at": new_ones.c.fired_at,
        "entered_at": now,
        "due_at": sa.func.coalesce(until, now),
        "event_id": new_ones.c.event_id,
        "key": new_ones.c.key,
        "joins": new_ones.c.joins,
        "collect_until": until,
        "listens": sa.literal(bool(playbook.stop_when), sa.Boolean),
        "overdue": sa.case((sa.and_(refusal.is_(None), overdue(new_ones.c.fired_at)), sa.true()), else_=sa.false()),
        "goal_until": sa.case((refusal.is_(None), sa.bindparam("goal_until", type_=Instant)), else_=sa.null()),
    }
    turn_now = new_ones.c.turn == 1 if firing.many else sa.true()
    statement = insert(ground.dialect, enrolments)
    statement = statement.from_select(
        list(values), sa.select(*values.values()).where(turn_now)
    ).on_conflict_do_nothing()
    return statement.returning(enrolments.c.state) if entry.quota is not None else statement


def _within_quota(judged: sa.Subquery, quota: Quota, *, many: bool) -> sa.Select[Any]:
    """Those whom nothing else refuses enter in the order of their occasions, as long as places are left."""
    alike = (judged.c.refusal.is_(None), *((judged.c.turn,) if many else ()))
    order = (judged.c.fired_at, judged.c.occasion, judged.c.customer_id)
    place = sa.func.row_number().over(partition_by=alike, order_by=order)
    full = sa.and_(judged.c.refusal.is_(None), place > sa.bindparam("entries_left", type_=sa.BigInteger))
    columns = [column for column in judged.c if column.name != "refusal"]
    refusal = sa.case((full, sa.literal(quota.reached, sa.Text)), else_=judged.c.refusal)
    return sa.select(*columns, refusal.label("refusal"))


def _refusal(playbook: Playbook, first: sa.Subquery) -> sa.ColumnElement[Any]:
    """Why an occasion does not enter, as the record will say it; NULL where it does."""
    earlier = enrolments.alias("earlier")
    of_customer = (earlier.c.playbook == sa.literal(playbook.id, Key), earlier.c.customer_id == first.c.customer_id)
    of_key = (*of_customer, earlier.c.key == first.c.key)
    reasons: list[tuple[Any, Any]] = []
    if playbook.enter is not None:
        per = playbook.enter.per
        near = _near(earlier.c.fired_at, first.c.fired_at) if per else ()
        whose = of_key if playbook.key is not None and not playbook.enter.of_customer else of_customer
        no_run = [sa.literal(state, Key) for state in ("refused", COLLECTED)]
        entered = sa.exists().where(*whose, earlier.c.state.not_in(no_run), *near)
        reasons.append((entered, sa.literal(playbook.enter.as_entry, sa.Text)))
    if playbook.if_running == "ignore":
        alike = of_key if _apart(playbook) else of_customer
        running = sa.exists().where(*alike, earlier.c.state.in_(_UNDER_WAY))
        reasons.append((running, sa.literal("a run is under way", sa.Text)))
    # Asked first: at a launch nobody was here before, and one search says so.
    return sa.case((sa.not_(sa.exists().where(*of_customer)), sa.null()), *reasons, else_=sa.null())


def _near(one: sa.ColumnElement[datetime], other: sa.ColumnElement[datetime]) -> tuple[sa.ColumnElement[bool], ...]:
    """Whether two occasions are less apart than the rule of entry says, whenever a pass saw them and in whatever order."""
    length = sa.bindparam("apart", type_=sa.BigInteger)
    return one > shifted(other, -length), one < shifted(other, length)


def replacement(entry: Entrance, firing: Firing) -> sa.Update:
    """`if_running: restart`: the runs that the new ones take the place of."""
    newer = enrolments.alias("newer")
    fired = firing.candidates.subquery("fired")
    newest = (
        sa.select(sa.func.max(newer.c.id))
        .where(
            newer.c.playbook == enrolments.c.playbook,
            newer.c.customer_id == enrolments.c.customer_id,
            *((newer.c.key == enrolments.c.key,) if _apart(entry.playbook) else ()),
            newer.c.state.in_(_UNDER_WAY),
        )
        .scalar_subquery()
    )
    now = sa.bindparam("now", type_=Instant)
    return (
        sa.update(enrolments)
        .where(
            enrolments.c.playbook == sa.literal(entry.playbook.id, Key),
            enrolments.c.state.in_(_UNDER_WAY),
            enrolments.c.customer_id.in_(sa.select(fired.c.customer_id)),
            enrolments.c.id < newest,
        )
        .values(state="replaced", reason="begun again", ended_at=now)
    )


def _apart(playbook: Playbook) -> bool:
    """Whether runs of one customer speak of different things, and only those of the same one meet."""
    return playbook.key is not None or playbook.trigger.apart
