"""regulars sql: the statements of a playbook, as the store gets them."""

from pathlib import Path

import click

from engine.cli.options import playbook_named, read_workspace, store_as_it_is, store_option, workspace_option
from engine.enrol import Entry
from engine.shop import Shop
from engine.store.prepared import Prepared


@click.command("sql")
@click.argument("playbook")
@workspace_option
@store_option
def command(playbook: str, folder: Path, store: str) -> None:
    """Show the SQL by which customers enter a playbook."""
    workspace = read_workspace(folder, strict=False)
    found = playbook_named(workspace, playbook)
    shop = Shop(store_as_it_is(store), workspace)
    entry = Entry(found, shop.ground(found))
    for number, road in enumerate((*entry.roads, *([entry.baseline] if entry.baseline else [])), start=1):
        name = "the launch" if road is entry.baseline else f"road {number}"
        _show(f"{playbook}, {name}: is anything due", road.probe)
        for statement in road.prelude:
            _show("before it, in the same transaction", statement)
        _show("who enters", road.fresh)


def _show(title: str, statement: Prepared) -> None:
    click.echo(f"-- {title}\n{statement.text.rstrip()};")
    for name, value in statement.constants.items():
        click.echo(f"--   :{name} = {value!r}")
    click.echo()
