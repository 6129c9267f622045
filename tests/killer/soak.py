"""`python -m tests.killer.soak --store sqlite --rate 50 --minutes 30`: a steady stream of mails while processes are killed.

Every invariant of the killer holds at the end, the rate was held, and memory does not grow: of a process that is never
killed where there are several, else of processes of the same age.
"""

import signal
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import click

from tests.killer.campaign import Campaign, Plan, campaign, leave_alone
from tests.killer.ledger import Ledger, table
from tests.killer.lives import Life
from tests.killer.oracle import violations
from tests.killer.watch import Death

#: Memory may grow by so much after the first minutes.
_GROWTH = 0.05
#: A share of the time after which memory is looked at: caches are full by then.
_WARM = 0.2
#: Mails for each event, by the odds of `Happenings`: a basket has two.
_MAILS_PER_EVENT = 1.2


@dataclass
class Memory:
    """What processes held, in MiB, by their age and by the time of the soak."""

    began: float
    samples: list[tuple[float, float, float, bool]] = field(default_factory=list)  # time, age, MiB, never killed

    def look(self, life: Life, spared: bool) -> None:
        """One sample."""
        now = time.monotonic()
        self.samples.append((now - self.began, now - life.born, resident(life.pid), spared))

    def growth(self, lasted: float) -> float:
        """How much more the last quarter held than the first after the warming up, at the same age."""
        spared = [one for one in self.samples if one[3]]
        mine = spared or self.samples
        first, last = lasted * _WARM, lasted * 0.8
        early, late = (
            {age: median(of) for age, of in _by_age([one for one in mine if test(one[0])], bool(spared)).items()}
            for test in (lambda at: first <= at < 2 * first, lambda at: at >= last)
        )
        shares = [late[age] / early[age] - 1 for age in early.keys() & late.keys()]
        return median(shares) if shares else 0.0


def _by_age(samples: list[tuple[float, float, float, bool]], spared: bool) -> dict[int, list[float]]:
    found: dict[int, list[float]] = defaultdict(list)
    for _, age, held, _ in samples:
        found[0 if spared else int(age / 5)].append(held)
    return found


def resident(pid: int) -> float:
    """MiB of a process in memory."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 2**20


def soak(run: Campaign, rate: float, minutes: float, every: float) -> Memory:
    """The stream, the kills and the samples."""
    begin = run.began = time.monotonic()
    lives = [run.begin("") for _ in range(run.plan.workers)]
    spared = lives[0] if run.plan.workers > 1 else None
    memory, next_kill, next_word = Memory(begin), begin + every, begin + 60
    try:
        while (now := time.monotonic()) < begin + minutes * 60:
            run.client.allowed = int((now - begin) * rate / _MAILS_PER_EVENT)
            for life in lives:
                if now - life.born > 4:
                    memory.look(life, life is spared)
            if now >= next_kill:
                next_kill += every
                victim = run.chance.choice([life for life in lives if life is not spared])
                victim.kill()
                alone = run.plan.workers == 1
                run.deaths.append(run.watch.died(Death("at random", time.monotonic()), alone=alone))
                lives = [run.begin("") if life is victim else life for life in lives]
            if now >= next_word:
                next_word += 60
                run.say(
                    f"{now - begin:.0f} s: {len(run.client.told)} events, {run.relay.taken} mails, {run.watch.due()} due"
                )
            time.sleep(0.5)
    finally:
        for life in lives:
            life.send(signal.SIGTERM)
        for life in lives:
            life.wait(30)
            life.kill()
    return memory


@click.command()
@click.option("--store", type=click.Choice(("sqlite", "postgres")), default="sqlite", show_default=True)
@click.option("--rate", type=float, default=50.0, show_default=True, help="Mails for each second.")
@click.option("--minutes", type=float, default=30.0, show_default=True)
@click.option("--workers", type=click.IntRange(1, 16), default=4, show_default=True, help="Processes, on Postgres.")
@click.option("--every", type=float, default=30.0, show_default=True, help="Seconds between two kills.")
@click.option("--seed", type=int, default=1, show_default=True)
def command(store: str, rate: float, minutes: float, workers: int, every: float, seed: int) -> None:
    """Send a steady stream while processes are killed; 1 where anything is wrong at the end."""
    many = workers if store == "postgres" else 1
    # Caps are not what is measured: so many customers that few meet them.
    plan = Plan(store, kills=0, seed=seed, workers=many, customers=int(rate * minutes * 60 / 2) + 1_000)
    with (
        tempfile.TemporaryDirectory(prefix="regulars-soak-") as place,
        campaign(plan, Path(place), lambda line: click.echo(line, err=True)) as run,
    ):
        memory = soak(run, rate, minutes, every)
        told, taken = len(run.client.told), run.relay.taken
        leave_alone(run)
        ledger = Ledger.of(run)
        found = violations(run, ledger)
        held, growth = taken / (minutes * 60), memory.growth(minutes * 60)
        if growth > _GROWTH:
            found.append(f"memory grew by {growth:.1%}")
        if told < 0.95 * minutes * 60 * rate / _MAILS_PER_EVENT:
            found.append(f"only {told} events could be told")
        if held < 0.9 * rate:
            found.append(f"{held:.0f} mails for each second, and {rate:.0f} were to go")
        ledger.figures |= {"mails for each second": f"{held:.1f}", "growth of memory": f"{growth:+.1%}"}
        click.echo(table(ledger, run, found))
        for line in found[:50]:
            click.echo(f"* {line}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    command()
