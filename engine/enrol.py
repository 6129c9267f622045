"""Who enters: the trigger's query over a window, the playbook's conditions and its rules of entry, in one statement."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

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

    def _bound(self, road: "Road", span: Span, now: datetime) -> dict[str, Any]:
        return {**self.bind(now), **road.firing.moments.bind(now, self.ground.settings.zone), **span}

    def ranges(self, window: Window, zones: tuple[str, ...]) -> list[tuple["Road", Span]]:
        """The ranges of the window; whether one of them holds any row is asked with `Road.probe`."""
        return [(road, span) for road in self.roads for span in road.firing.spans(window, zones)]

    def enrol(self, store: sa.Engine, due: list[tuple["Road", Span]], window: Window) -> int:
        """Enrols what is due, piece by piece, and moves the progress with the last piece. Returns the new enrolments."""
        entered = 0
        steps = [piece for road, span in due for piece in road.pieces(store, span)]
        while steps:
            with store.begin() as connection:
                if not hold(connection, self.playbook.id):
                    return entered  # another worker is at it
                together = _together(steps)
                entered += sum(road.enrol(connection, self._bound(road, span, window.until)) for road, span in together)
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
                    entered += road.enrol(connection, self._bound(road, piece, window.until))
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
        while wrote := self.fresh.write(connection, bound):
            entered += wrote
            if self.replace is not None:
                self.replace.execute(connection, bound)
            if not self.firing.many:
                break
        return entered


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
        *((turn.label("turn"),) if firing.many else ()),
    )
    if playbook.condition is not None:
        customer = key == ground.catalogue.as_key(fired.c.customer_id)
        new = new.select_from(fired.join(customers, customer)).where(entry._condition.expression)
    first = new.where(*((sa.not_(recorded),) if firing.many else ())).subquery("first")
    rules = refusing and (playbook.enter is not None or playbook.if_running == "ignore")
    reason = _refusal(playbook, first.c.customer_id) if rules else sa.cast(sa.null(), sa.Text)
    judged = sa.select(first, reason.label("refusal"))
    # Materialized: else the databases look anew for what refuses a customer, for every column that depends on it.
    new_ones = judged.cte("new_ones").prefix_with("MATERIALIZED") if rules else judged.subquery("new_ones")
    refusal = new_ones.c.refusal
    now = sa.bindparam("now", type_=Instant)
    values = {
        "playbook": sa.literal(playbook.id, Key),
        "customer_id": new_ones.c.customer_id,
        "occasion": new_ones.c.occasion,
        "revision": sa.literal(playbook.revision, Key),
        "state": sa.case((refusal.is_(None), sa.literal("running", Key)), else_=sa.literal("refused", Key)),
        "reason": refusal,
        "fired_at": new_ones.c.fired_at,
        "entered_at": now,
        "due_at": now,
        "event_id": new_ones.c.event_id,
        "listens": sa.literal(bool(playbook.stop_when), sa.Boolean),
        "goal_until": sa.case((refusal.is_(None), sa.bindparam("goal_until", type_=Instant)), else_=sa.null()),
    }
    turn_now = new_ones.c.turn == 1 if firing.many else sa.true()
    statement = insert(ground.dialect, enrolments)
    return statement.from_select(list(values), sa.select(*values.values()).where(turn_now)).on_conflict_do_nothing()


def _refusal(playbook: Playbook, customer: sa.ColumnElement[str]) -> sa.ColumnElement[Any]:
    """Why an occasion does not enter, as the record will say it; NULL where it does."""
    earlier = enrolments.alias("earlier")
    of_customer = (earlier.c.playbook == sa.literal(playbook.id, Key), earlier.c.customer_id == customer)
    reasons: list[tuple[Any, Any]] = []
    if playbook.enter is not None:
        per = playbook.enter.per
        since = (earlier.c.entered_at > sa.bindparam("entered_since", type_=Instant),) if per else ()
        entered = sa.exists().where(*of_customer, earlier.c.state != sa.literal("refused", Key), *since)
        reasons.append((entered, sa.literal(f"once per {per}" if per else "once", sa.Text)))
    if playbook.if_running == "ignore":
        running = sa.exists().where(*of_customer, earlier.c.state == sa.literal("running", Key))
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
            newer.c.state == sa.literal("running", Key),
        )
        .scalar_subquery()
    )
    now = sa.bindparam("now", type_=Instant)
    return (
        sa.update(enrolments)
        .where(
            enrolments.c.playbook == sa.literal(entry.playbook.id, Key),
            enrolments.c.state == sa.literal("running", Key),
            enrolments.c.customer_id.in_(sa.select(fired.c.customer_id)),
            enrolments.c.id < newest,
        )
        .values(state="replaced", reason="begun again", ended_at=now)
    )
