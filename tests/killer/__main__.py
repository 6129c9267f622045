"""`python -m tests.killer --store sqlite --kills 1000`: a campaign, and its ledger in Markdown; 1 where anything is wrong."""

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import click

from tests.killer.campaign import Plan, campaign, leave_alone
from tests.killer.kills import kill_all
from tests.killer.ledger import Ledger, table
from tests.killer.oracle import violations


@click.command()
@click.option("--store", type=click.Choice(("sqlite", "postgres")), default="sqlite", show_default=True)
@click.option("--kills", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--workers", type=click.IntRange(1, 16), default=4, show_default=True, help="Processes, on Postgres.")
@click.option(
    "--restarts", type=click.IntRange(0), default=0, show_default=True, help="Of Postgres, without a goodbye."
)
@click.option("--zombies", type=click.IntRange(0), default=0, help="Workers that stand still beyond their lease.")
@click.option("--events", type=float, default=14.0, show_default=True, help="Events for each kill.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--patience",
    type=int,
    default=480,
    show_default=True,
    help="Seconds to wait at the end for what time alone brings.",
)
@click.option("--folder", type=click.Path(path_type=Path), help="Where logs and ledgers stay; without it they go away.")
def command(
    store: str, kills: int, workers: int, restarts: int, zombies: int, events: float, seed: int, patience: int,
    folder: Path | None,
) -> None:  # fmt: skip
    """Kill the real daemon again and again, and compare what came out with what should have."""
    many = workers if store == "postgres" else 1
    plan = Plan(store, kills, seed, many, restarts, zombies, events, patience=timedelta(seconds=patience))
    if folder is not None:
        folder.mkdir(parents=True)
        sys.exit(run(plan, folder))
    with tempfile.TemporaryDirectory(prefix="regulars-killer-") as place:
        sys.exit(run(plan, Path(place)))


def run(plan: Plan, folder: Path) -> int:
    """One campaign; 1 where an invariant does not hold."""
    with campaign(plan, folder, lambda line: click.echo(line, err=True)) as one:
        kill_all(one)
        leave_alone(one)
        ledger = Ledger.of(one)
        found = violations(one, ledger)
    click.echo(table(ledger, one, found))
    for line in found[:50]:
        click.echo(f"* {line}")
    return 1 if found else 0


if __name__ == "__main__":
    command()
