"""One pass at `now`: what happened is heard, who enters is enrolled, who is due moves on, what is due goes out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.advance import Advance, next_run
from engine.brakes.admit import Admit
from engine.channels import Channel, Doors
from engine.deliver import Deliver, Delivered
from engine.enrol import Entry, Road, entries_of
from engine.failpoints import reach
from engine.listen import Listen
from engine.loyalty.codes import random_code
from engine.outgoing.compose import Compose
from engine.outgoing.hands import Hands
from engine.outgoing.outbox import next_due
from engine.progress import (
    LISTENER,
    Progress,
    StoredProgress,
    audience_of,
    move,
    record_revision,
    window_from,
    zones_of_customers,
)
from engine.resting import Resting
from engine.shop import Shop
from engine.store.dialect import horizon
from engine.store.faults import is_of_a_statement
from engine.store.prepared import Prepared, Questions
from engine.trigger import Span, Window
from engine.upkeep import Upkeep

#: Progress without anything enrolled is written this often; until then it is only remembered, and an idle tick writes nothing.
_WRITE_EVERY = timedelta(minutes=5)

#: What a look at the store finds: the progress on record, the position, the listener's window and whether it hears
#: anything, and what `_due` gives.
_Due = dict[str, tuple[list[tuple[Road, Span]], Window]]
_Seen = tuple[Mapping[str, Progress], int, Window, bool, _Due, list[str], list[bool]]


@dataclass
class Ticked:
    """What a tick did."""

    enrolled: dict[str, int] = field(default_factory=dict)
    advanced: int = 0
    delivered: Delivered = field(default_factory=Delivered)
    faults: list[tuple[str, Exception]] = field(default_factory=list)  # of whom; the others went on
    more: bool = False  # whether its turn was over before its work

    @property
    def idle(self) -> bool:
        """Whether nothing was due."""
        return not self.enrolled and not self.advanced and not self.delivered.counts and not self.faults

    def count(self, playbook: str, entered: int) -> None:
        """Those who have entered a playbook."""
        if entered:
            self.enrolled[playbook] = self.enrolled.get(playbook, 0) + entered


class Tick:
    """The passes over one shop, with their statements compiled. Run twice at one `now`, the second does nothing."""

    def __init__(
        self,
        shop: Shop,
        doors: Doors | Channel,
        secrets: Sequence[str],
        *,
        new_code: Callable[[], str] = random_code,
        control: Callable[[str, str], bool] | None = None,
        variant: Callable[[str, str, str], str | None] | None = None,
        compiled: dict[str, Entry] | None = None,  # by revision, for who makes many of these on one workspace
    ) -> None:
        self.shop = shop
        self._listen = Listen(shop)
        self._advance = Advance(shop, new_code, control, variant)
        self._admit = Admit(shop)
        # One channel alone takes everything: rehearsals record it.
        doors = doors if isinstance(doors, Doors) else Doors.all_to(doors)
        self._deliver = Deliver(Compose(shop, secrets, doors.sign), doors)
        self.begin = self._deliver.begin  # at the start of a program
        self._entries = entries_of(shop, {} if compiled is None else compiled)
        self._audiences = {name: audience_of(entry.playbook) for name, entry in self._entries.items()}
        self._questions = Questions()
        self._stored = StoredProgress(shop.store.dialect.name)
        self._known: dict[str, tuple[datetime, int]] = {}
        self._settled: Mapping[str, Progress] | None = None
        self._zones: tuple[int, tuple[str, ...]] | None = None
        self._mark = object()  # on the connections by which this tick has looked
        self._upkeep = Upkeep(shop)
        self._resting = Resting()
        agenda = (Prepared(one, shop.store.dialect.name) for one in (next_run(shop.moving), *next_due(shop.moving)))
        self._agenda = (*agenda, *self._upkeep.agenda)

    def __call__(self, now: datetime) -> Ticked:
        """Does everything that is due at `now`. A fault of one playbook is raised when the others are done."""
        report = self.patiently(now)
        if report.faults:
            raise report.faults[0][1]
        return report

    def patiently(self, now: datetime) -> Ticked:
        """The same, where faults of single playbooks are reported and not raised: each of those rests by itself."""
        report, hands = Ticked(), self._deliver.hands
        if self._enrol(now, report) or self._deliver.owes:
            with self._apart(report, "the brakes", now):
                self._admit(hands.fresh(now))
            with self._apart(report, "the runs", now):
                report.advanced = self._advance(hands.fresh(now), hands)
            report.more = hands.is_turn_over()
            report.delivered = self._deliver(hands.fresh(now))
            report.more = report.more or hands.is_turn_over()
        return report

    @contextmanager
    def _apart(self, report: Ticked, name: str, now: datetime, *, at_once: bool = False) -> Iterator[None]:
        """A part whose fault must not stop the others; a store that is away or locked stops them all."""
        try:
            yield
        except Exception as fault:
            if isinstance(fault, sa.exc.OperationalError) and not is_of_a_statement(fault):
                raise
            self._resting.failed(name, now, at_once=at_once)
            report.faults.append((name, fault))
        else:
            if not at_once:
                self._resting.went_well(name)

    def living(self, hands: Hands) -> "Tick":
        """Within a program: what it has in its hands outlives this object, and time passes while it works."""
        self._deliver.hands = hands
        return self

    def next_at(self, after: datetime) -> datetime | None:
        """The next instant after `after` at which there may be something to do, if nothing happens until then."""
        with self.shop.store.connect().execution_options(reading=True) as connection, connection.begin():
            zones = self._zones_at(connection, horizon(connection))
            found = [statement.first(connection, {"after": after}) for statement in self._agenda]
            found.append(self._admit.next_at(connection, after))
            for entry in self._entries.values():
                found.append(entry.playbook.trigger.next_at(connection, entry.ground, after, zones))
        return min((max(instant, after) for instant in found if instant is not None), default=None)

    # --- Enrol -------------------------------------------------------------------------------------------------------

    def _enrol(self, now: datetime, report: Ticked) -> bool:
        """Looks in one read transaction what is due; only then takes the write lock, playbook by playbook.

        False where nothing was due, and nothing waits for the passes that follow either.
        """
        store = self.shop.store
        try:
            seen = self._look(now)
        except sa.exc.DBAPIError as fault:
            if not is_of_a_statement(fault) or not self._isolate(now, report):
                raise
            seen = self._look(now)
        reach("tick.looked")
        stored, position, heard, anything, due, idle, waiting = seen
        now = heard.until
        kept_up, waiting = waiting[: len(self._upkeep.probes)], waiting[len(self._upkeep.probes) :]
        deaf = self._resting.rests(LISTENER, now)
        if not anything and not deaf:
            idle.append(LISTENER)
        if anything or (LISTENER not in stored and not deaf):
            # Its progress is on record from the first tick on: what comes while no process runs must be heard too.
            with self._apart(report, LISTENER, now):
                self._listen.run(heard)
        if any(kept_up) and self._upkeep(now, kept_up):
            waiting = [True]
        for name, (ranges, window) in due.items():
            with self._apart(report, name, now):
                report.count(name, self._entries[name].enrol(store, ranges, window))
        self._remember(stored, idle, now, position)
        launched = self._launch(stored, now, position, report)
        return anything or bool(due) or launched or any(waiting)

    def _look(self, now: datetime) -> "_Seen":
        """What is due, in one read transaction; playbooks that rest are not asked about."""
        with self.shop.store.connect().execution_options(reading=True) as connection, connection.begin():
            self._forget_what_is_lost(connection)
            stored, position = self._stored(connection), horizon(connection)
            now = self._deliver.hands.fresh(now)  # only now, or what is seen might not have happened yet
            heard = window_from(self._reached(stored.get(LISTENER), LISTENER, now, position), now, position)
            anything = not self._resting.rests(LISTENER, now) and self._listen(connection, heard)
            return stored, position, heard, anything, *self._due(connection, stored, now, position)

    def _isolate(self, now: datetime, report: Ticked) -> bool:
        """Asks for each playbook by itself, after the store could not answer for all together; who is broken rests.

        False where each can be answered alone, so that the fault lies elsewhere.
        """
        before = len(report.faults)
        for name in (LISTENER, *self._entries):
            if not self._resting.rests(name, now):
                with self._apart(report, name, now, at_once=True):
                    self._ask_alone(name, now)
        return len(report.faults) > before

    def _ask_alone(self, name: str, now: datetime) -> None:
        with self.shop.store.connect().execution_options(reading=True) as connection, connection.begin():
            before, position = self._stored(connection).get(name), horizon(connection)
            window = window_from(self._reached(before, name, now, position), now, position)
            if name == LISTENER:
                self._listen(connection, window)
            elif self._launched(before, name):
                ranges = self._entries[name].ranges(window, self._zones_at(connection, position))
                self._questions.any(connection, [(road.probe, span) for road, span in ranges])

    def _due(
        self, connection: sa.Connection, stored: Mapping[str, Progress], now: datetime, position: int
    ) -> tuple[_Due, list[str], list[bool]]:
        """The ranges that hold any row, by playbook; the playbooks that have none; and what upkeep, and whether a run, a
        message or a dead worker waits. All is asked in one statement."""
        zones = self._zones_at(connection, position)
        windows: dict[str, Window] = {}
        alike: dict[tuple[datetime, int], Window] = {}  # playbooks that were evaluated together share one
        asked: list[tuple[str, Road, Span]] = []
        for name, entry in self._entries.items():
            before = stored.get(name)
            if self._launched(before, name) and not self._resting.rests(name, now):
                reached = self._reached(before, name, now)
                if reached not in alike:
                    alike[reached] = window_from(reached, now, position)
                window = windows[name] = alike[reached]
                asked += [(name, road, span) for road, span in entry.ranges(window, zones)]
        at = {"now": now}
        others = (*self._upkeep.probes, self._admit.waiting, self._advance.waiting, *self._deliver.probes)
        questions = [(road.probe, span) for _, road, span in asked] + [(other, at) for other in others]
        found = self._questions.any(connection, questions)
        due: dict[str, tuple[list[tuple[Road, Span]], Window]] = {}
        for (name, road, span), holds in zip(asked, found, strict=False):
            if holds:
                due.setdefault(name, ([], windows[name]))[0].append((road, span))
        return due, [name for name in windows if name not in due], found[len(asked) :]

    def _launched(self, stored: Progress | None, name: str) -> bool:
        return stored is not None and stored.audience == self._audiences[name]

    def _launch(self, stored: Mapping[str, Progress], now: datetime, position: int, report: Ticked) -> bool:
        """Begins what is new in the workspace, and whether there was any; none is while the rows of the progress are the same."""
        if stored is self._settled:
            return False
        launched = False
        for name, entry in self._entries.items():
            before = stored.get(name)
            if self._resting.rests(name, now):
                continue
            if before is not None and self._launched(before, name):
                if before.revision != entry.playbook.revision or before.status != entry.playbook.status:
                    launched = True
                    with self.shop.store.begin() as connection:
                        record_revision(connection, entry.playbook, now)
                continue
            launched = True
            window = Window(now, now, position, position)
            with self._apart(report, name, now):
                report.count(name, entry.begin(self.shop.store, window, self._audiences[name]))
        # Only now: a launch that met a fault or a locked store is tried again with the next tick.
        self._settled = None if report.faults else stored
        return launched

    def _reached(self, stored: Progress | None, name: str, now: datetime, position: int = 0) -> tuple[datetime, int]:
        """How far this playbook was evaluated: as stored, or farther where this process remembers more."""
        if stored is None:
            return now, position
        known = self._known.get(name)
        if known is not None and known[0] >= stored.since and known[1] >= stored.position:
            return known
        return stored.since, stored.position

    def _forget_what_is_lost(self, connection: sa.Connection) -> None:
        """A new connection may lead to a server that was torn down: it gives the numbers of lost transactions again."""
        if connection.info.get("looked") is not self._mark:
            connection.info["looked"] = self._mark
            self._known, self._settled, self._zones = {}, None, None

    def _remember(self, stored: Mapping[str, Progress], idle: list[str], now: datetime, position: int) -> None:
        overdue = [name for name in idle if name in stored and now - stored[name].since >= _WRITE_EVERY]
        if overdue:
            with self.shop.store.begin() as connection:
                move(connection, overdue, now, position)
        self._known.update(dict.fromkeys(idle, (now, position)))

    def _zones_at(self, connection: sa.Connection, position: int) -> tuple[str, ...]:
        if self._zones is None or self._zones[0] != position:
            self._zones = (position, zones_of_customers(connection, self.shop.catalogue))
        return self._zones[1]
