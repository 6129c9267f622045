"""regulars schema: the JSON Schemas of the workspace's files, and the reference."""

import sys
from pathlib import Path

import click

from engine.cli.options import read_workspace, this_or_playbooks, writing
from engine.workspace import reference, schema

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("schema")
@click.argument("folder", type=_FOLDER, default=Path("schemas"))
@click.option("--reference", "pages", type=_FOLDER, help="The reference too, as Markdown pages in this folder.")
@click.option(
    "--examples", type=_FOLDER, callback=this_or_playbooks,
    help="Workspace with the examples [default: this one, else playbooks/].",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; fail where a file is not what this version makes.")
def command(folder: Path, pages: Path | None, examples: Path, check: bool) -> None:
    """Write the JSON Schemas for editors and CI into FOLDER [default: schemas]."""
    workspace = read_workspace(examples) if pages is not None else None
    if not check:
        with writing(folder):
            schema.write(folder)
        if pages is not None and workspace is not None:
            with writing(pages):
                reference.write(pages, workspace)
    old = schema.stale(folder)
    if pages is not None and workspace is not None:
        old += reference.stale(pages, workspace)
    again = f"regulars schema --reference {pages}" if pages else "regulars schema"
    for path in old:
        click.echo(f"{path} is not up to date; write it anew with:  {again}", err=True)
    if old:
        sys.exit(1)
    click.echo(f"{folder}: up to date" + (f", and {pages}" if pages else ""))
