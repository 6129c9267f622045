"""`python -m tests.killer.soak --store sqlite --rate 50 --minutes 30`: a steady stream of mails while processes are killed.

Every invariant of the killer holds at the end, the rate was held, and the memory of an engine that lives on does not grow.
Where there are several, one of them is spared. Of one alone (SQLite), the lives of the first half are killed; in the second
half it is the process that takes events, and the engine's memory is looked at.
"""

import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import click

from tests.killer.campaign import Campaign, Plan, campaign, leave_alone
from tests.killer.ledger import Ledger, table
from tests.killer.lives import Life
from tests.killer.oracle import violations
from tests.killer.watch import Death

#: Memory may grow by so much.
_GROWTH = 0.05
#: Shares of a life: by the first its caches are full, from the second on it must hold no more than until then.
_WARM, _EARLY, _LATE = 0.3, 0.5, 0.8
#: Mails for each event, by the odds of `Happenings`: a basket has two.
_MAILS_PER_EVENT = 1.2


@dataclass
class Memory:
    """What an engine that is spared held, in MiB, by its age in seconds."""

    samples: list[tuple[float, float]] = field(default_factory=list)

    def look(self, life: Life) -> None:
        """One sample."""
        self.samples.append((time.monotonic() - life.born, resident(life.pid)))

    @property
    def held(self) -> tuple[float, float]:
        """Once its caches were full, and at the end."""
        oldest = self.samples[-1][0]
        early = [held for age, held in self.samples if _WARM * oldest <= age < _EARLY * oldest]
        return median(early), median(held for age, held in self.samples if age >= _LATE * oldest)

    @property
    def growth(self) -> float:
        """By which share it holds more at the end."""
        early, late = self.held
        return late / early - 1


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
    memory, next_kill, next_word = Memory(), begin + every, begin + 60
    try:
        while (now := time.monotonic()) < begin + minutes * 60:
            run.client.allowed = int((now - begin) * rate / _MAILS_PER_EVENT)
            # Of several the first; the only one from the half on.
            is_spared = len(lives) > 1 or now >= begin + minutes * 30
            if is_spared:
                memory.look(lives[0])
            if now >= next_kill:
                next_kill += every
                _kill_one(run, lives, 1 if is_spared else 0)
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


def _kill_one(run: Campaign, lives: list[Life], spared: int) -> None:
    """Kills an engine that is not spared, and another one begins; where there is none, the process that takes events."""
    mortal = range(spared, len(lives))
    if mortal:
        number = run.chance.choice(mortal)
        lives[number].kill()
        run.deaths.append(run.watch.died(Death("at random", time.monotonic()), alone=len(lives) == 1))
        lives[number] = run.begin("")
    elif run.client.door.life is not None:
        run.client.door.life.send(signal.SIGKILL)
        run.killed_doors += 1


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
    customers, together = int(rate * minutes * 60 / 2) + 1_000, max(8, int(rate / 4))
    plan = Plan(
        store, kills=0, seed=seed, workers=many, customers=customers, events_together=together, interval="1", connections=10
    )  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="regulars-soak-") as place,
        campaign(plan, Path(place), lambda line: click.echo(line, err=True)) as run,
    ):
        memory = soak(run, rate, minutes, every)
        told, taken = len(run.client.told), run.relay.taken
        leave_alone(run)
        ledger = Ledger.of(run)
        found = violations(run, ledger)
        held, growth = taken / (minutes * 60), memory.growth
        if growth > _GROWTH:
            found.append(f"memory grew by {growth:.1%}")
        if told < 0.95 * minutes * 60 * rate / _MAILS_PER_EVENT:
            found.append(f"only {told} events could be told")
        if held < 0.9 * rate:
            found.append(f"{held:.0f} mails for each second, and {rate:.0f} were to go")
        early, late = memory.held
        ledger.figures |= {
            "mails for each second": f"{held:.1f}",
            "memory of an engine (MiB)": f"{early:.0f}, at the end {late:.0f} ({growth:+.1%})",
        }
        click.echo(table(ledger, run, found))
        for line in found[:50]:
            click.echo(f"* {line}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    command()
