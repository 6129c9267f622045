"""regulars release: what a brake or a person held goes on."""

from getpass import getuser
from pathlib import Path

import click

from engine.brakes.holding import release
from engine.cli.hold import chosen, names_of_files
from engine.cli.options import store_option, workspace_option
from engine.cli.stores import made_store
from engine.daemon import clock


@click.command("release")
@click.argument("playbook", required=False)
@click.option("--all", "everything", is_flag=True, help="Release what holds every playbook.")
@click.option("--drop", is_flag=True, help="Leave out the occasions of a backlog, instead of beginning them now.")
@workspace_option
@store_option
def command(playbook: str | None, everything: bool, drop: bool, folder: Path, store: str) -> None:
    """Let PLAYBOOK go on, whatever held it. Those who waited begin, and the messages go, as far as ceilings leave room."""
    written = names_of_files(playbook, everything, folder)
    with made_store(store) as engine, engine.begin() as connection:
        name = chosen(connection, playbook, written)
        opened, overdue = release(connection, name, clock(), _who(), drop=drop)
    if not opened and not overdue:
        click.echo("nothing was held")
        return
    told = f"; {overdue:,} overdue occasions {'are left out' if drop else 'begin now'}" if overdue else ""
    click.echo(f"released: {opened} {'hold' if opened == 1 else 'holds'}{told}")


def _who() -> str | None:
    try:
        return getuser()
    except (OSError, KeyError):  # a container without a name for its user
        return None
