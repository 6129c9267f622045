"""regulars schema: the JSON Schemas of the workspace's files."""

import sys
from pathlib import Path

import click

from engine.workspace.schema import stale, write


@click.command("schema")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("schemas"))
@click.option("--write", "writes", is_flag=True, help="Write them into the folder.")
@click.option("--check", is_flag=True, help="Fail where the folder's files are not what this version makes.")
def command(folder: Path, writes: bool, check: bool) -> None:
    """Write the JSON Schemas for editors and CI, or check that they are up to date."""
    if writes:
        write(folder)
    old = stale(folder)
    for name in old:
        click.echo(f"{folder / name} is not up to date; run:  regulars schema --write {folder}", err=True)
    if not old:
        click.echo(f"{folder}: up to date")
    if old and (check or not writes):
        sys.exit(1)
