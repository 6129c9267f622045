"""regulars hold: nobody begins a playbook, and none of its messages go, until it is released."""

from pathlib import Path

import click

from engine.brakes.holding import hold
from engine.cli.options import open_store, playbook_named, read_workspace, store_option, workspace_option
from engine.daemon import clock
from engine.store.brakes import EVERYTHING


@click.command("hold")
@click.argument("playbook", required=False)
@click.option("--all", "everything", is_flag=True, help="Hold every playbook.")
@click.option("--reason", required=True, help="Why; it is shown until the release.")
@click.option("--only", "what", type=click.Choice(["entries", "sends"]), help="Hold only this. [default: both]")
@workspace_option
@store_option
def command(playbook: str | None, everything: bool, reason: str, what: str | None, folder: Path, store: str) -> None:
    """Hold PLAYBOOK: nobody begins it and none of its messages go. Nobody is lost; `regulars release` lets it go on."""
    name = chosen(playbook, everything, folder)
    with open_store(store) as engine, engine.begin() as connection:
        new = hold(connection, name, what or "all", reason, clock())  # type: ignore[arg-type]
    click.echo(f"held; let it go with:  regulars release {_words(name)}" if new else "it is held by hand already")


def chosen(playbook: str | None, everything: bool, folder: Path) -> str:
    """The playbook that was named, or the name of all."""
    if (playbook is None) is not everything:
        raise click.UsageError("name one PLAYBOOK, or write --all")
    if playbook is None:
        return EVERYTHING
    workspace = read_workspace(folder, strict=False)
    # One whose file is gone or broken can be held and released all the same, if its name is written as it was.
    return playbook_named(workspace, playbook).id if not workspace.errors else playbook


def _words(name: str) -> str:
    return "--all" if name == EVERYTHING else name
