"""regulars plan: what a deploy of the workspace would do on a store."""

import sys
from pathlib import Path

import click

from engine.answers.plan import lines, plan
from engine.cli.options import read_workspace, store_option, workspace_argument
from engine.cli.stores import any_store
from engine.daemon import clock
from engine.source.printing import print_problems


@click.command("plan")
@workspace_argument
@store_option
def command(folder: Path, store: str) -> None:
    """Show which playbooks are new, changed or gone, and what becomes of people in flight. Nothing is written.

    Exits with 1 where a version cannot take over, because people stand at steps that it has lost.
    FOLDER is the workspace: without it this folder if it is one, else playbooks/.
    """
    workspace = read_workspace(folder)
    with any_store(store) as engine, engine.connect().execution_options(reading=True) as connection:
        planned = plan(workspace, connection, clock())
    for line in lines(planned):
        click.echo(line)
    if not planned:
        click.echo("nothing changes")
    refused = [one.problem for one in planned if one.problem is not None]
    if refused:
        click.echo(print_problems(refused, workspace.texts), err=True)
        sys.exit(1)
