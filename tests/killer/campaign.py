"""A campaign: the shop tells its events, the engine works, everything is killed again and again; then it is left alone."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from engine.cli.options import open_store
from engine.daemon import clock
from engine.store.connect import connect
from tests.killer.failpoints import EVENTS
from tests.killer.lives import Life
from tests.killer.relay import Relay, running_relay
from tests.killer.shop import Client, Door, Happenings, fill
from tests.killer.stores import Postgres, running
from tests.killer.watch import Death, Watch
from tests.killer.workspace import CONNECTIONS, environment, write_workspace

#: After the last fault, everything must be at rest within so many seconds.
AT_REST_WITHIN = 90.0


@dataclass(frozen=True)
class Plan:
    """What a campaign does."""

    kind: str  # of the store
    kills: int
    seed: int = 1
    workers: int = 1
    restarts: int = 0  # of the database
    zombies: int = 0  # workers that are stopped for longer than their lease, and go on then
    events_per_kill: float = 16.0
    events_together: int = 8  # of one call
    connections: int = CONNECTIONS
    interval: str = "0.05"  # seconds after which the engine looks again whether something is due
    customers: int = 1_000
    patience: timedelta = timedelta(minutes=2)  # how far ahead time is waited for, at the end


@dataclass
class Campaign:
    """What happened, for the oracle."""

    plan: Plan
    url: str
    server: Postgres | None
    relay: Relay
    client: Client
    watch: Watch
    store: sa.Engine  # to look at, when all is over
    chance: random.Random
    begin: Callable[..., Life]  # a life of the engine, with its failpoint and options
    say: Callable[[str], None]
    deaths: list[Death] = field(default_factory=list)
    unreached: dict[str, int] = field(default_factory=dict)  # failpoint -> lives that did not come to it in time
    ended: list[str] = field(default_factory=list)  # lives that ended by themselves, and should not have
    restarts: int = 0
    hung_up: int = 0
    zombies: int = 0
    killed_doors: int = 0
    not_begun: int = 0  # lives that met no database when they began
    open: bool = True  # whether the process that takes events is to be killed too
    began: float = 0.0
    at_rest: float = 0.0  # seconds from the last fault until nothing was due
    over: float = 0.0


@contextmanager
def campaign(plan: Plan, folder: Path, say: Callable[[str], None]) -> Iterator[Campaign]:
    """Everything that a campaign needs, at work: relay, store, client and watch."""
    with running_relay(folder, plan.seed) as relay, running(plan.kind, folder) as (url, server):
        workspace = write_workspace(folder / "workspace", relay.smtp, connections=plan.connections)
        with open_store(url) as store:
            fill(store, plan.customers)
        store.dispose()
        variables, log = environment(relay.http), folder / "engine.log"

        def begin(failpoint: str, *more: str) -> Life:
            words = ("run", str(workspace), "--store", url, "--interval", plan.interval, *more)
            return Life.of_command(*words, log=log, variables=variables, failpoint=failpoint)

        # What happens before a playbook was seen for the first time does not begin it.
        Life.of_command("tick", str(workspace), "--store", url, log=log, variables=variables).wait(60)

        def serve(port: int) -> Life:
            point = run.chance.choice(EVENTS) if run.open and run.chance.random() < 0.5 else ""
            armed = f"{point}=kill@{run.chance.randint(5, 60)}" if point else ""
            words = ("serve", str(workspace), "--store", url, "--port", str(port))
            return Life.of_command(*words, log=folder / "events.log", variables=variables, failpoint=armed)

        door = Door(serve)
        client = Client(Happenings(plan.customers, plan.seed, plan.events_together), door)
        watch = Watch(url)
        looked_at = connect(url)
        run = Campaign(plan, url, server, relay, client, watch, looked_at, random.Random(plan.seed), begin, say)
        client.start()
        watch.start()
        try:
            yield run
        finally:
            client.finish()
            watch.finish()
            door.close()
            looked_at.dispose()


def leave_alone(run: Campaign) -> None:
    """No fault any more: engines that are left alone until nothing is due, now or soon."""
    run.client.finish()
    last = time.monotonic()
    lives = [run.begin("") for _ in range(run.plan.workers)]
    try:
        run.at_rest = _wait(run, lambda: run.watch.due() == 0, 600) - last
        run.say(f"at rest {run.at_rest:.1f} s after the last fault")
        until = clock() + run.plan.patience
        _wait(run, lambda: run.watch.later(until) == 0, run.plan.patience.total_seconds() + 120)
    finally:
        for life in lives:
            life.send(signal.SIGTERM)
        for life in lives:
            if not life.wait(30):
                run.ended.append("a life did not end after SIGTERM")
            elif life.code not in (0, -signal.SIGTERM):  # the latter where it had only just begun
                run.ended.append(f"a life ended after SIGTERM with {life.code}")
            life.kill()
    last_one = run.begin("", "--until-idle")
    if not last_one.wait(120) or last_one.code != 0:
        run.ended.append(f"a life that was to end when nothing is due ended with {last_one.code}")
    last_one.kill()
    run.watch.look()
    run.over = time.monotonic()


def _wait(run: Campaign, done: Callable[[], bool], longest: float) -> float:
    end = time.monotonic() + longest
    while not done() and time.monotonic() < end:
        time.sleep(0.2)
    return time.monotonic()
