"""The daemon: the one reader of the clock. It ticks, reloads changed playbooks, and drains when it is asked to end."""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

import sqlalchemy as sa
import structlog

from engine.bounces.reading import Watch
from engine.channels import Channel, Doors
from engine.clocks.trust import Doubt, Trust
from engine.cycles import leave_out_what_stays
from engine.deploy import deploy
from engine.inbox import Inbox
from engine.outgoing.hands import Hands
from engine.outgoing.heartbeat import Heartbeat
from engine.shop import Shop
from engine.source.problem import Problem
from engine.store.brakes import Held, held
from engine.store.dialect import clock_of
from engine.store.faults import StoreError, in_plain_words
from engine.store.mark import Mark
from engine.tick import Tick, Ticked
from engine.workspace import Workspace, load
from engine.workspace.playbook import Playbook

_log = structlog.get_logger()

#: Between ticks. A tick with nothing due costs well under a millisecond for each playbook.
INTERVAL = timedelta(seconds=1)
#: How long a pass over the runs, and one over the messages, may take before files, clock and new events are looked at again.
TURN = timedelta(seconds=5)
#: A version that would leave people behind waits until they have gone on; it is tried again so often.
_TRIED_AGAIN = timedelta(minutes=10)
#: After a fault of the store; doubled with each further one.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


def clock() -> datetime:
    """Now, in UTC. Everything else takes it as an argument."""
    return datetime.now(UTC)


def elapsed() -> float:
    """Seconds that have passed since some moment, those of sleep among them; nobody can set them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass
class Daemon:
    """Runs one workspace on one store until it is told to stop."""

    root: Path
    store: sa.Engine
    doors: Doors | Channel
    secrets: Sequence[str]
    interval: timedelta = INTERVAL
    now: Callable[[], datetime] = clock
    elapsed: Callable[[], float] = elapsed
    inbox: Inbox | None = None
    mark: Mark | None = None
    hands: Hands = field(init=False)
    _stop: threading.Event = field(default_factory=threading.Event)
    _tick: Tick | None = None
    _workspace: Workspace | None = None
    _stamp: object = None
    _seen: object = None
    _refused_until: datetime | None = None  # when a version that would have left people behind is tried again
    _pause: float = 0.0
    _told: list[Held] | None = None
    _trust: Trust = field(init=False)
    _doubt: Doubt | None = None

    def __post_init__(self) -> None:
        self._trust = Trust(self.elapsed)
        self.hands = Hands(self.now, ends=self._stop.is_set, turn=TURN.total_seconds())

    def run(self, *, until_idle: bool = False) -> None:
        """Ticks until SIGTERM or SIGINT; what is under way is finished first. `until_idle` ends when nothing is due."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        _log.info("started", workspace=str(self.root), store=self.store.url.render_as_string(hide_password=True))
        watch = Watch(self._shop, self.secrets, self.now)
        if self.mark is not None:
            self.mark.look(self.store, self.now())
        self.refresh()
        heartbeat = Heartbeat(self.store, self.hands, self.now)
        watch.start()
        heartbeat.start()
        if self.inbox is not None:
            self.inbox.start(self._shop, self.now)
        while not self._stop.is_set():
            self.refresh()
            report = self._once()
            if report is not None and report.more:
                continue
            if until_idle and report is not None and report.idle:
                break
            self._stop.wait(self._pause or self.interval.total_seconds())
        if self.inbox is not None:
            self.inbox.stop()
        heartbeat.stop()
        watch.stop()
        self.doors.close()
        _log.info("stopped")

    def _shop(self) -> Shop | None:
        """The shop as it runs at this moment."""
        return self._tick.shop if self._tick is not None else None

    def stop(self) -> None:
        """Asks the daemon to end after the present tick."""
        self._stop.set()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        _log.info("stopping", signal=signal.Signals(number).name)
        self.stop()

    def _once(self) -> Ticked | None:
        """One tick. A store that is away, locked or full stops nothing for good: the same work is done later."""
        if self._tick is None:
            return None
        try:
            with in_plain_words():
                if self._clock_is_wrong():
                    return None
                report = self._tick.patiently(self.now())
        except StoreError as fault:
            self._pause_longer()
            _log.error("the store failed; the work waits", reason=str(fault), again_in_seconds=self._pause)
            return None
        except Exception:
            # What was under way is rolled back, and what was being sent is settled when its lease is over.
            self._pause_longer()
            _log.exception("a fault of the engine; the work waits", again_in_seconds=self._pause)
            return None
        self._pause = 0.0
        for name, reason in report.faults:
            _log.error("a fault of one playbook; it rests, the others go on", playbook=name, reason=str(reason))
        if not report.idle:
            self._note()
            delivered = report.delivered
            _log.info("tick", enrolled=report.enrolled, advanced=report.advanced, messages=delivered.counts)
            for channel, reply in delivered.resting.items():
                _log.warning("a channel takes nothing now; its messages wait", channel=channel, reply=reply)
        if not report.idle or self._told is None:
            self._tell_holds()
        return report

    def _clock_is_wrong(self) -> bool:
        """Whether nothing may be done by this clock; what is doubtful of it is said once."""
        before, now = self._doubt, self.now()
        self._doubt = self._trust.doubt(now, self._clock_of_the_store())
        if self._doubt is not None and (before is None or before.stops is not self._doubt.stops):
            log = _log.error if self._doubt.stops else _log.warning
            log(self._doubt.reason, what_to_do=self._doubt.advice, waits=self._doubt.stops)
        elif before is not None and self._doubt is None:
            _log.info("the clock is right again")
        return self._doubt is not None and self._doubt.stops

    def _clock_of_the_store(self) -> datetime | None:
        """The database's clock, where it has one, and this daemon runs by that of its machine."""
        if self.store.dialect.name != "postgresql" or self.now is not clock:
            return None
        with self.store.connect().execution_options(reading=True) as connection:
            return clock_of(connection)

    def _note(self) -> None:
        """Notes how far the store has come; where it cannot be written now, after a later tick."""
        with suppress(StoreError), in_plain_words():
            if self.mark is not None:
                self.mark.note(self.store, self.elapsed())

    def _tell_holds(self) -> None:
        """Says once of each hold what it waits for."""
        try:
            with in_plain_words(), self.store.connect().execution_options(reading=True) as connection:
                stands = held(connection)
        except StoreError:
            return  # told after a later tick
        for one in stands:
            if self._told is None or one not in self._told:
                _log.warning("held until it is released", playbook=one.playbook, reason=one.reason, type=one.release)
        self._told = stands

    def _pause_longer(self) -> None:
        self._pause = min(max(self._pause * 2, _FIRST_PAUSE), _LONGEST_PAUSE)

    # --- Playbooks that change ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Takes in what changed in the workspace; where that meets a fault, what ran before goes on.

        Raises it only where nothing runs yet.
        """
        try:
            self._reload()
        except Exception as fault:
            if self._tick is None:
                raise
            if isinstance(fault, sa.exc.DBAPIError):
                self._stamp = None  # the store failed, not the files: they are taken in with a later tick
            _log.exception("the changed workspace cannot be used; what ran before goes on")

    def _reload(self) -> None:
        """Loads the workspace anew when a file of it changed and has been left alone since the last look."""
        stamp, before = stamp_of(self.root), self._seen
        self._seen = stamp
        as_it_was = stamp == self._stamp and (self._refused_until is None or self.now() < self._refused_until)
        if as_it_was or (self._workspace is not None and stamp != before):
            return  # or still being written, and looked at again with the next tick
        self._stamp = stamp
        fresh = load(self.root)
        if fresh.problems:
            _report(fresh.problems)
        chosen = fresh if self._workspace is None else keep_running(self._workspace, fresh)
        shop, refused = deploy(Shop(self.store, chosen), self.now())
        _report(refused)
        self._refused_until = self.now() + _TRIED_AGAIN if refused else None
        fresh_tick = Tick(shop, self.doors, self.secrets).living(self.hands)
        if self._tick is None:
            fresh_tick.begin(self.now())
        self._tick = fresh_tick
        self._workspace = shop.workspace
        leave_out_what_stays()
        _log.info("loaded", playbooks=len(self._workspace.playbooks), problems=len(fresh.problems))


def keep_running(running: Workspace, fresh: Workspace) -> Workspace:
    """The fresh workspace, with the version that runs of each playbook whose new one is broken.

    Where the settings or the catalogue are broken everything goes on as it was.
    """
    if fresh.settings is None or fresh.catalogue is None:
        return running
    kept = {name: old for name, old in running.playbooks.items() if name not in fresh.playbooks and _broken(old, fresh)}
    return replace(fresh, playbooks={**fresh.playbooks, **kept})


def _broken(playbook: Playbook, fresh: Workspace) -> bool:
    """Whether the playbook is gone because its file has errors, and not because somebody took it away."""
    return any(problem.place.file.endswith(playbook.file) for problem in fresh.errors)


def _report(problems: Sequence[Problem]) -> None:
    for problem in problems:
        log = _log.error if problem.severity == "error" else _log.warning
        place = problem.place
        log(problem.text, at=f"{place.file}:{place.line}:{place.column}", rule=problem.rule)


def stamp_of(root: Path) -> object:
    """Changes when any file of the workspace does."""
    return tuple(sorted(_stamps(path) for path in root.rglob("*") if path.suffix in (".yaml", ".md")))


def _stamps(path: Path) -> tuple[str, int, int]:
    try:
        stat = path.stat()
    except OSError:
        return str(path), 0, 0  # an editor put another file in its place between the two looks
    return str(path), stat.st_mtime_ns, stat.st_size
