"""Who enters: the trigger's query over a window, the playbook's conditions and its rules of entry, in one statement."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.admitting import how_to_enter, overdue
from engine.change import Quota
from engine.counting import ration, record
from engine.joining import COLLECTED, collects_until, joined, slide
from engine.progress import begin_progress, hold, move, record_revision
from engine.store.connect import repeatable
from engine.store.dialect import insert, next_position
from engine.store.ledger import enrolments, progress
from engine.store.prepared import Prepared
from engine.store.types import Instant, Key
from engine.trigger import Firing, Ground, Span, Window
from engine.workspace.playbook import Playbook

#: Whether anybody ever entered a playbook.
_ANYBODY = sa.select(enrolments.c.id).where(enrolments.c.playbook == sa.bindparam("playbook")).limit(1)
#: Rows that one transaction takes at most: where all of them enter, SQLite's only write lock is held for some 40 ms.
PIECE = 10_000
#: A run that goes on, or that a brake has not let begin yet.
_UNDER_WAY = [sa.literal(state, Key) for state in ("running", "waiting")]
#: Ranges of one day in one zone that share a transaction.
_DAYS_AT_ONCE = 24


@dataclass
class Entry:
    """The way into one revision of a playbook: its statements, compiled once."""

    playbook: Playbook
    ground: Ground
    roads: tuple["Road", ...] = field(init=False)
    baseline: "Road | None" = field(init=False)

    def __post_init__(self) -> None:
        condition = self.ground.compile(self.playbook.condition)
        self._condition = condition
        trigger = self.playbook.trigger
        self.roads = tuple(Road.compile(self, firing) for firing in trigger.firings(self.ground))
        first = trigger.baseline(self.ground)
        self.baseline = Road.compile(self, first) if first is not None else None

    def bind(self, now: datetime) -> dict[str, Any]:
        """What every statement of this playbook needs at `now`."""
        playbook, zone = self.playbook, self.ground.settings.zone
        per = playbook.enter.per if playbook.enter else None
        return {
            **self._condition.bind(now, zone),
            "now": now,
            "entered_since": per.before(now, zone) if per else None,
            "goal_until": playbook.goal.within.after(now, zone) if playbook.goal else None,
        }

    @property
    def quota(self) -> Quota | None:
        """How many may enter at all."""
        quota = self.playbook.change.at_most
        return quota if quota is not None and quota.what == "entries" else None

    def _bound(self, connection: sa.Connection, road: "Road", span: Span, window: Window) -> dict[str, Any]:
        moments = road.firing.moments.bind(window.until, self.ground.settings.zone)
        entering = how_to_enter(connection, self.playbook, self.ground.settings.brakes, window)
        return {**self.bind(window.until), **moments, **entering, **span}

    def ranges(self, window: Window, zones: tuple[str, ...]) -> list[tuple["Road", Span]]:
        """The ranges of the window; whether one of them holds any row is asked with `Road.probe`."""
        return [(road, span) for road in self.roads for span in road.firing.spans(window, zones)]

    def enrol(self, store: sa.Engine, due: list[tuple["Road", Span]], window: Window) -> int:
        """Enrols what is due, piece by piece, and moves the progress with the last piece. Returns the new enrolments."""
        entered = 0
        steps = [piece for road, span in due for piece in road.pieces(store, span)]
        while steps:
            with store.begin() as connection:
                if not hold(connection, self.playbook.id, window):
                    return entered  # another worker is at it
                together = _together(steps)
                entered += sum(
                    road.enrol(connection, self._bound(connection, road, span, window)) for road, span in together
                )
                steps = steps[len(together) :]
                if not steps:
                    move(connection, [self.playbook.id], window.until, window.until_position)
        return entered

    def begin(self, store: sa.Engine, window: Window, audience: str | None) -> int:
        """The launch, or the first pass after the audience was changed: who is inside already is looked at once.

        Broken off and begun again it ends the same: memberships and enrolments that stand are passed over.
        """
        with store.begin() as connection:
            begin_progress(connection, self.playbook.id, self.playbook.revision, self.playbook.status, window)
            record_revision(connection, self.playbook, window.until)
            first = connection.execute(_ANYBODY, {"playbook": self.playbook.id}).first() is None
        entered = 0
        if self.baseline is not None:
            whole = Road.compile(self, self.baseline.firing, refusing=False) if first else self.baseline
            (span,) = whole.firing.spans(window, ())
            for road, piece in whole.pieces(store, span):
                with repeatable(store).begin() as connection:
                    entered += road.enrol(connection, self._bound(connection, road, piece, window))
        with store.begin() as connection:
            move(connection, [self.playbook.id], window.until, window.until_position)
            connection.execute(
                sa.update(progress).where(progress.c.playbook == self.playbook.id).values(audience=audience)
            )
        return entered


def _together(steps: Sequence[tuple["Road", Span]]) -> Sequence[tuple["Road", Span]]:
    """The first pieces, that share a transaction: ranges without an axis are a day of one zone each, and small."""
    small = 0
    while small < min(len(steps), _DAYS_AT_ONCE) and steps[small][0].firing.axis is None:
        small += 1
    return steps[: max(small, 1)]


@dataclass(frozen=True)
class Road:
    """One firing of the trigger as statements: is there anything, where to cut it, and the insert."""

    firing: Firing
    probe: Prepared
    cut: Prepared | None
    prelude: tuple[Prepared, ...]
    fresh: Prepared
    replace: Prepared | None
    slide: Prepared | None = None
    limited: Playbook | None = None  # where all runs together have a quota of entries

    @classmethod
    def compile(cls, entry: Entry, firing: Firing, *, refusing: bool = True) -> "Road":
        """Builds the statements of a firing for a playbook; `refusing` is False where nobody can have entered before."""
        dialect = entry.ground.dialect
        cut = None
        if firing.axis is not None:
            cut = Prepared(firing.rows.order_by(firing.axis).limit(1).offset(PIECE - 1), dialect)
        return cls(
            firing=firing,
            probe=Prepared(_first(firing), dialect),
            cut=cut,
            prelude=tuple(Prepared(statement, dialect) for statement in firing.prelude),
            fresh=Prepared(_insert(entry, firing, refusing=refusing), dialect),
            replace=Prepared(_replace(entry, firing), dialect) if entry.playbook.if_running == "restart" else None,
            limited=entry.playbook if entry.quota else None,
            slide=Prepared(sliding, dialect) if (sliding := slide(entry.playbook, firing)) is not None else None,
        )

    def pieces(self, store: sa.Engine, span: Span) -> Iterator[tuple["Road", dict[str, Any]]]:
        """The range, cut along its axis so that each piece is one short transaction."""
        rest = dict(span)
        while self.cut is not None:
            with store.connect().execution_options(reading=True) as connection:
                boundary = self.cut.first(connection, rest)
            if boundary is None or boundary == rest["upper"]:
                break
            yield self, {**rest, "upper": boundary}
            rest["lower"] = boundary
        yield self, rest

    def enrol(self, connection: sa.Connection, params: Mapping[str, Any]) -> int:
        """Runs one piece in the transaction that is open. Returns the rows written."""
        bound = {**params, "position": next_position(connection) if self.prelude else None}
        for statement in self.prelude:
            statement.execute(connection, bound)
        entered = 0
        while wrote := self._write(connection, bound):
            entered += wrote
            if self.slide is not None:
                self.slide.execute(connection, bound)
            if self.replace is not None:
                self.replace.execute(connection, bound)
            if not self.firing.many:
                break
        return entered

    def _write(self, connection: sa.Connection, bound: Mapping[str, Any]) -> int:
        """The rows of one run of the statement; those that entered are counted where the playbook has a quota."""
        if self.limited is None:
            return self.fresh.write(connection, bound)
        rations = ration(connection, [self.limited])
        left = max(rations[self.limited.id].left, 0)
        rows = self.fresh.execute(connection, {**bound, "entries_left": left}).fetchall()
        rations[self.limited.id].take(sum(state not in ("refused", COLLECTED) for (state,) in rows))
        record(connection, rations)
        return len(rows)


def _first(firing: Firing) -> Any:
    """Whether there is any row. In the order of the axis, for which the index is needed: for any one row of many,
    Postgres would begin to read the table from its start."""
    anything: sa.Select[Any] = firing.rows.with_only_columns(sa.literal_column("1")).limit(1)
    return anything.order_by(firing.axis) if firing.axis is not None else anything


def _insert(entry: Entry, firing: Firing, *, refusing: bool) -> Any:
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
        new = new.select_from(fired.join(customers, customer)).where(entry._condition.expression)
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
        since = (earlier.c.entered_at > sa.bindparam("entered_since", type_=Instant),) if per else ()
        whose = of_key if playbook.key is not None and not playbook.enter.of_customer else of_customer
        no_run = [sa.literal(state, Key) for state in ("refused", COLLECTED)]
        entered = sa.exists().where(*whose, earlier.c.state.not_in(no_run), *since)
        reasons.append((entered, sa.literal(playbook.enter.as_entry, sa.Text)))
    if playbook.if_running == "ignore":
        alike = of_key if _apart(playbook) else of_customer
        running = sa.exists().where(*alike, earlier.c.state.in_(_UNDER_WAY))
        reasons.append((running, sa.literal("a run is under way", sa.Text)))
    # Asked first: at a launch nobody was here before, and one search says so.
    return sa.case((sa.not_(sa.exists().where(*of_customer)), sa.null()), *reasons, else_=sa.null())


def _replace(entry: Entry, firing: Firing) -> sa.Update:
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
