"""Who enters: the trigger's query over a window, the playbook's conditions and its rules of entry, in one statement."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from engine.brakes.admitting import how_to_enter
from engine.entering import Entrance, insertion, replacement
from engine.failpoints import reach
from engine.progress import begin_progress, hold, move, record_revision
from engine.runs.counting import ration, record
from engine.runs.joining import COLLECTED, hold_open, slide
from engine.shop import Shop
from engine.store.connect import repeatable
from engine.store.dialect import next_position, one_view
from engine.store.faults import unless_in_the_way
from engine.store.instants import elapsed
from engine.store.ledger import enrolments, progress
from engine.store.prepared import Prepared
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
    entrance: Entrance = field(init=False)

    def __post_init__(self) -> None:
        condition = self.ground.compile(self.playbook.condition)
        self._condition = condition
        self.entrance = Entrance(self.playbook, self.ground, condition)
        trigger = self.playbook.trigger
        self.roads = tuple(Road.compile(self, firing) for firing in trigger.firings(self.ground))
        first = trigger.baseline(self.ground)
        self.baseline = Road.compile(self, first) if first is not None else None

    def bind(self, now: datetime) -> dict[str, Any]:
        """What every statement of this playbook needs at `now`."""
        playbook, zone = self.playbook, self.ground.settings.zone
        return {
            **self._condition.bind(now, zone),
            "now": now,
            "apart": self._apart(now),
            "goal_until": playbook.goal.within.after(now, zone) if playbook.goal else None,
        }

    def _apart(self, instant: datetime) -> int | None:
        """How far apart two occasions must be that both enter: the calendar's length as it is at that instant."""
        per = self.playbook.enter.per if self.playbook.enter else None
        return elapsed(instant - per.before(instant, self.ground.settings.zone)) if per else None

    def _entering(self, connection: sa.Connection, window: Window) -> Mapping[str, Any]:
        return how_to_enter(connection, self.playbook, self.ground.settings.brakes, window)

    def _bound(self, road: "Road", span: Span, window: Window, entering: Mapping[str, Any]) -> dict[str, Any]:
        moments = road.firing.moments.bind(window.until, self.ground.settings.zone)
        bound = {**self.bind(window.until), **moments, **entering, **span}
        nominal = span.get("fired_at")  # of a day of the calendar: its length counts, also where a late pass sees it
        return {**bound, "apart": self._apart(nominal)} if nominal is not None else bound

    def ranges(self, window: Window, zones: tuple[str, ...]) -> list[tuple["Road", Span]]:
        """The ranges of the window; whether one of them holds any row is asked with `Road.probe`."""
        return [(road, span) for road in self.roads for span in road.firing.spans(window, zones)]

    def enrol(self, store: sa.Engine, due: list[tuple["Road", Span]], window: Window) -> int:
        """Enrols what is due, piece by piece, and moves the progress with the last piece. Returns the new enrolments."""
        entered = 0
        steps = [piece for road, span in due for piece in road.pieces(store, span)]
        # Whoever has become a member and changed once more would not be in the range any more when members are enrolled.
        ground = one_view(store) if any(road.prelude for road, _ in due) else store
        while steps:
            together = _together(steps)
            steps = steps[len(together) :]
            piece = unless_in_the_way(ground.begin, partial(self._piece, together, window, is_last=not steps))
            if piece is None:
                break  # another worker is at it
            entered += piece
        return entered

    def _piece(
        self, together: Sequence[tuple["Road", Span]], window: Window, connection: sa.Connection, *, is_last: bool
    ) -> int | None:
        """The new enrolments of pieces that share a transaction; None where another worker has the playbook."""
        if not hold(connection, self.playbook.id, window):
            return None
        entering = self._entering(connection, window)
        entered = sum(road.enrol(connection, self._bound(road, span, window, entering)) for road, span in together)
        if is_last:
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
                    entering = self._entering(connection, window)
                    entered += road.enrol(connection, self._bound(road, piece, window, entering))
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


def entries_of(shop: Shop, compiled: dict[str, Entry]) -> dict[str, Entry]:
    """The ways into the active playbooks, by id; those that `compiled` holds, by revision, are not compiled again."""
    for playbook in shop.of_status("active"):
        if playbook.revision not in compiled:
            compiled[playbook.revision] = Entry(playbook, shop.ground(playbook))
    return {playbook.id: compiled[playbook.revision] for playbook in shop.of_status("active")}


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
    held: Prepared | None = None  # the runs that may be joined, where several workers may be at them
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
            fresh=Prepared(insertion(entry.entrance, firing, refusing=refusing), dialect),
            replace=Prepared(replacement(entry.entrance, firing), dialect)
            if entry.playbook.if_running == "restart"
            else None,
            limited=entry.playbook if entry.entrance.quota else None,
            slide=Prepared(sliding, dialect) if (sliding := slide(entry.playbook, firing)) is not None else None,
            held=Prepared(taken, dialect)
            if dialect != "sqlite" and (taken := hold_open(entry.playbook, firing)) is not None
            else None,
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
        if self.held is not None:
            self.held.execute(connection, bound)
        entered = 0
        while wrote := self._write(connection, bound):
            entered += wrote
            if self.slide is not None:
                self.slide.execute(connection, bound)
            if self.replace is not None:
                self.replace.execute(connection, bound)
            if not self.firing.many:
                break
        if entered:
            reach("enrol.entered")
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
