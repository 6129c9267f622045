"""regulars schema: the JSON Schemas of the workspace's files, and the reference."""

import sys
from pathlib import Path

import click

from engine.workspace import reference, schema

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("schema")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("schemas"))
@click.option("--reference", "page", type=_FILE, help="The reference too, as one Markdown page.")
@click.option("--check", is_flag=True, help="Write nothing; fail where a file is not what this version makes.")
def command(folder: Path, page: Path | None, check: bool) -> None:
    """Write the JSON Schemas for editors and CI into FOLDER [default: schemas]."""
    if not check:
        schema.write(folder)
        if page is not None:
            reference.write(page)
    old = [*schema.stale(folder), *([page] if page is not None and reference.is_stale(page) else [])]
    for path in old:
        click.echo(f"{path} is not up to date; write it anew with:  regulars schema", err=True)
    if old:
        sys.exit(1)
    click.echo(f"{folder}: up to date" + (f", and {page}" if page else ""))
