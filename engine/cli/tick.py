"""regulars tick: one pass, and what it did."""

from pathlib import Path

import click

from engine.cli.options import open_store, read_workspace, secrets_of_environment, store_option, workspace_argument
from engine.cli.run import doors, know_the_erased, without_option
from engine.daemon import clock
from engine.deploy import deploy
from engine.outgoing.hands import Hands
from engine.shop import Shop
from engine.source.printing import print_problems
from engine.store.alone import alone
from engine.tick import Tick


@click.command("tick")
@workspace_argument
@store_option
@without_option
def command(folder: Path, store: str, without: tuple[str, ...]) -> None:
    """Do everything that is due now, once, and say what it was (for cron, and for trying things out).

    FOLDER is the workspace: without it this folder if it is one, else playbooks/.
    """
    workspace = read_workspace(folder, strict=False)
    secrets = secrets_of_environment(workspace)
    with open_store(store) as engine, alone(engine.url):
        know_the_erased(engine)
        shop, refused = deploy(Shop(engine, workspace), clock())
        if refused:
            click.echo(print_problems(refused, workspace.texts), err=True)
        opened = doors(shop.settings, without)
        tick = Tick(shop, opened, secrets).living(Hands(clock))
        tick.begin(clock())
        report = tick(clock())
        opened.close()
    for playbook, count in sorted(report.enrolled.items()):
        click.echo(f"{playbook}: {count} occasions")
    click.echo(f"{report.advanced} runs moved on")
    for state, count in sorted(report.delivered.counts.items()):
        click.echo(f"{count} messages {state}")
    if report.delivered.resting:
        shut = "; ".join(f"{channel} takes nothing now ({why})" for channel, why in report.delivered.resting.items())
        raise click.ClickException(f"{shut}; the messages wait")
