"""regulars import: customers, orders, events, goods and what customers hold of them, from CSV."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.cli.options import open_store, read_workspace, store_option, workspace_option
from engine.daemon import clock
from engine.shop import Shop
from engine.store.importing import KINDS, ImportReport, import_csv
from engine.store.importing.kind import Kind


@click.command("import")
@click.argument("kind", type=click.Choice(sorted(KINDS)))
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--columns", is_flag=True, help="Only list the columns of such a file, and what stands in them.")
@workspace_option
@store_option
def command(kind: str, file: Path | None, columns: bool, folder: Path, store: str) -> None:
    """Import a CSV FILE of a KIND. The same file twice changes nothing; bad rows go to a file beside it, with reasons."""
    if columns:
        _list(KINDS[kind])
        return
    if file is None:
        raise click.UsageError(f"which FILE? What may stand in it lists:  regulars import {kind} --columns")
    workspace = read_workspace(folder, strict=False)
    with open_store(store) as engine, _bar() as progress:
        bar = progress.add_task(f"{file.name}", total=None)

        def show(_rows: int, done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total)

        report = import_csv(engine, kind, file, Shop(engine, workspace).reading(clock()), show)
    if not isinstance(report, ImportReport):
        raise click.ClickException("\n".join(map(str, report)))
    click.echo(
        f"{report.read} rows: {report.new} new, {report.changed} changed, {report.unchanged} unchanged, {report.rejected} rejected"
    )
    for warning, count in report.warnings.items():
        click.echo(f"  {count} times: {warning}")
    if report.rejected_file is not None:
        click.echo(f"the rejected rows and their reasons: {report.rejected_file}")


def _list(kind: Kind) -> None:
    width = max(len(one.name) for one in kind.columns)
    for one in kind.columns:
        click.echo(f"{one.name:{width}}  {'needed  ' if one.required else '        '}{one.holds}".rstrip())
    if kind.payload:
        click.echo("Further columns are the fields of the event, as the catalogue names them.")


def _bar() -> Progress:
    """A bar for people who wait at a terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("bytes"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
