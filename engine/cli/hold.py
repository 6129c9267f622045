"""regulars hold: nobody begins a playbook, and none of its messages go, until it is released."""

from collections.abc import Set
from pathlib import Path

import click
import sqlalchemy as sa

from engine.brakes.holding import hold
from engine.cli.options import read_workspace, store_option, workspace_option
from engine.cli.stores import made_store
from engine.daemon import clock
from engine.progress import read_progress
from engine.source.near import suggest
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
    written = names_of_files(playbook, everything, folder)
    with made_store(store) as engine, engine.begin() as connection:
        name = chosen(connection, playbook, written)
        new = hold(connection, name, what or "all", reason, clock())  # type: ignore[arg-type]
    click.echo(f"held; let it go with:  regulars release {_words(name)}" if new else "it is held by hand already")


def names_of_files(playbook: str | None, everything: bool, folder: Path) -> Set[str]:
    """The playbooks in the files, where one is named: they are read before anything waits for the store."""
    if (playbook is None) is not everything:
        raise click.UsageError("name one PLAYBOOK, or write --all")
    return read_workspace(folder, strict=False).playbooks.keys() if playbook is not None else frozenset()


def chosen(connection: sa.Connection, playbook: str | None, written: Set[str]) -> str:
    """The playbook that was named, or the name of all. One whose file is gone or broken is known to the store."""
    if playbook is None:
        return EVERYTHING
    known = {*written, *read_progress(connection)}
    if playbook not in known:
        hints = suggest(playbook, known, "playbooks")
        raise click.ClickException("\n".join([f"there is no playbook `{playbook}`, and there never was", *hints]))
    return playbook


def _words(name: str) -> str:
    return "--all" if name == EVERYTHING else name
