"""The kills: one engine whose every life ends by one, or several beside each other, and a database that falls over."""

import signal
import time
from dataclasses import dataclass

from tests.killer.campaign import Campaign
from tests.killer.failpoints import ONCE, failpoints_of_engine
from tests.killer.lives import Life
from tests.killer.watch import Death

#: So many seconds a life is given to come to its failpoint.
_PATIENCE = 8.0
#: So many seconds after its birth it is at work.
_BEGUN = 1.5
#: A worker that stands still is taken for dead within so many seconds.
_BEYOND_A_LEASE = 75.0


def kill_all(run: Campaign) -> None:
    """The kills."""
    run.began = time.monotonic()
    engines = Fleet(run) if run.plan.workers > 1 else Alone(run)
    try:
        while len(run.deaths) < run.plan.kills:
            run.client.allowed = int(64 + run.plan.events_per_kill * len(run.deaths))
            engines.kill_one()
            if run.client.fault is not None:
                raise run.client.fault
            if run.chance.random() < 0.05 and run.client.door.life is not None:
                run.client.door.life.send(signal.SIGKILL)
                run.killed_doors += 1
            if len(run.deaths) % 25 == 0:
                spent = time.monotonic() - run.began
                told, taken = len(run.client.told), run.relay.taken
                run.say(f"{len(run.deaths)} kills in {spent:.0f} s, {told} events told, {taken} mails taken")
    finally:
        engines.leave()
        run.open = False


class Alone:
    """The one engine of a SQLite file: each life ends by a kill, and the next begins at once."""

    def __init__(self, run: Campaign) -> None:
        self.run = run
        self._points = Points(run)

    def kill_one(self) -> None:
        """One life."""
        run = self.run
        point = self._points.next()
        life = run.begin(point.armed if point else "")
        kind = self._end(life, point.name if point else "")
        run.deaths.append(run.watch.died(Death(kind, time.monotonic()), alone=True))

    def _end(self, life: Life, point: str) -> str:
        """Waits until the failpoint kills it, or kills it; what it was."""
        run = self.run
        if point and _comes_to_its_failpoint(run, life):
            if not life.was_killed:
                run.ended.append(f"a life with {point} ended with {life.code}")
            return point
        kind = when_to_kill(run, life)
        if point and life.was_killed:
            return point  # it came there after all, while its end was waited for
        if point:
            self._points.missed(point)
        if not life.alive:
            run.ended.append(f"a life ended by itself with {life.code}")
        life.kill()
        return kind

    def leave(self) -> None:
        """Nothing lives."""


def _comes_to_its_failpoint(run: Campaign, life: Life) -> bool:
    """Waits for that as long as there is something to do."""
    while time.monotonic() - life.born < _PATIENCE:
        if life.wait(0.3):
            return True
        if time.monotonic() - life.born > _BEGUN and not run.watch.busy:
            return life.wait(0.3)
    return False


def when_to_kill(run: Campaign, life: Life) -> str:
    """Waits for the moment at which a life is to end."""
    way = run.chance.choices(("in content", "at work", "at random"), (5, 3, 2))[0]
    if way == "at random":
        life.wait(run.chance.uniform(0, 1.0))
        return way
    taken, end = run.relay.taken, time.monotonic() + 4
    while time.monotonic() < end and life.alive and (time.monotonic() < life.born + _BEGUN or run.watch.busy):
        if run.relay.taken > taken if way == "at work" else run.relay.in_content:
            break
        time.sleep(0.002)
    life.wait(run.chance.uniform(0, 0.4 if way == "at work" else 0.02))
    return way


class Points:
    """Which failpoint is next: every other life has one, each in its turn, at its first, second or third pass."""

    def __init__(self, run: Campaign) -> None:
        self.run = run
        self._names = failpoints_of_engine()
        self._turn = 0

    def next(self) -> "Armed | None":
        """The failpoint of the next life, if it has one."""
        self._turn += 1
        if not self._names or self._turn % 2:
            return None
        name = self._names[self._turn // 2 % len(self._names)]
        return Armed(name, 1 if name in ONCE else self.run.chance.choice((1, 1, 2, 3)))

    def missed(self, name: str) -> None:
        """A life did not come there in time."""
        self.run.unreached[name] = self.run.unreached.get(name, 0) + 1


@dataclass(frozen=True)
class Armed:
    """A failpoint, and the pass at which it kills."""

    name: str
    at: int

    @property
    def armed(self) -> str:
        """As the variable has it."""
        return f"{self.name}=kill@{self.at}"


class Fleet:
    """Several workers on one Postgres: one dies or stands still, the others go on; the server falls over now and then."""

    def __init__(self, run: Campaign) -> None:
        self.run = run
        self._points = Points(run)
        self._armed: dict[int, Armed] = {}
        self._lives = [self._begin() for _ in range(run.plan.workers)]
        self._stopped: list[tuple[Life, float]] = []

    def _begin(self) -> Life:
        point = self._points.next()
        life = self.run.begin(point.armed if point else "")
        if point:
            self._armed[life.pid] = point
        return life

    def kill_one(self) -> None:
        """One death of a worker, by its failpoint or by us; a fault of the database beside it."""
        run = self.run
        self._disturb()
        end = time.monotonic() + run.chance.uniform(0.1, 0.8)
        while time.monotonic() < end and all(life.alive for life in self._lives):
            time.sleep(0.01)
        free = [life for life in self._lives if life.alive and self._may_be_killed(life)]
        if free and all(life.alive for life in self._lives):
            life = run.chance.choice(free)
            kind = when_to_kill(run, life)
            ended = not life.alive  # its failpoint came after all
            life.kill()
            self._bury(life, "" if ended else kind)
        for life in [one for one in self._lives if not one.alive]:
            self._bury(life, "")

    def _may_be_killed(self, life: Life) -> bool:
        """Whether it has no failpoint, or did not come to it."""
        return life.pid not in self._armed or time.monotonic() - life.born > _PATIENCE

    def _bury(self, life: Life, kind: str) -> None:
        run = self.run
        armed = self._armed.pop(life.pid, None)
        self._lives = [one for one in self._lives if one is not life] + [self._begin()]
        if not kind and not (life.was_killed and armed):
            # While the database is down no engine begins; whoever watches over it starts it again.
            run.not_begun += life.code == 1 and run.restarts > 0
            if life.code != 1 or not run.restarts:
                run.ended.append(f"a worker ended by itself with {life.code}")
            return
        if armed and kind:
            self._points.missed(armed.name)
        run.deaths.append(run.watch.died(Death(kind or (armed.name if armed else ""), time.monotonic()), alone=False))

    def _disturb(self) -> None:
        """The database's own faults, and workers that stand still for longer than their lease."""
        run, plan = self.run, self.run.plan
        assert run.server is not None
        done = len(run.deaths) / plan.kills
        if run.restarts < plan.restarts * done:
            run.server.restart()
            run.restarts += 1
        elif run.chance.random() < 0.05:
            run.hung_up += run.server.hang_up()
        if run.zombies < plan.zombies * done:
            self._stop_one()
        now = time.monotonic()
        for life, until in self._stopped:
            if now > until:
                life.send(signal.SIGCONT)
                self._lives.append(life)
        self._stopped = [(life, until) for life, until in self._stopped if now <= until]

    def _stop_one(self) -> None:
        """A worker stands still in the middle of its work; another takes its place."""
        life = self.run.chance.choice(self._lives)
        when_to_kill(self.run, life)
        life.send(signal.SIGSTOP)
        self.run.zombies += 1
        self._stopped.append((life, time.monotonic() + _BEYOND_A_LEASE))
        self._lives = [one for one in self._lives if one is not life] + [self._begin()]

    def leave(self) -> None:
        """All go, at once."""
        for life, _ in self._stopped:
            life.send(signal.SIGCONT)
        for life in [*self._lives, *(life for life, _ in self._stopped)]:
            life.kill()
