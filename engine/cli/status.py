"""regulars status: every playbook in numbers."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from engine.cli.options import open_store, read_workspace, store_option, workspace_argument
from engine.report import messages_in_doubt, standings


@click.command("status")
@workspace_argument
@store_option
def command(folder: Path, store: str) -> None:
    """Show who is in which playbook, and what went out."""
    workspace = read_workspace(folder, strict=False)
    with open_store(store) as engine, engine.connect() as connection:
        rows = standings(connection, workspace.playbooks)
        doubt = messages_in_doubt(connection)
    table = Table(box=None, header_style="bold")
    for name in ("playbook", "status"):
        table.add_column(name)
    for name in (
        "entered",
        "running",
        "held out",
        "refused",
        "sent",
        "waiting",
        "not sent",
        "vouchers",
        "tasks",
        "converted",
    ):
        table.add_column(name, justify="right")
    for row in rows:
        playbook = workspace.playbooks.get(row.playbook)
        sent, waiting = (
            row.messages.get("sent", 0),
            sum(row.messages.get(state, 0) for state in ("planned", "deferred", "claimed", "sending")),
        )
        other = sum(row.messages.values()) - sent - waiting
        numbers = (
            row.entered, row.runs.get("running", 0), row.held_out, row.runs.get("refused", 0),
            sent, waiting, other, sum(row.vouchers.values()), row.tasks, row.converted,
        )  # fmt: skip
        table.add_row(row.playbook, playbook.status if playbook else "not in the workspace", *map(str, numbers))
    Console().print(table)
    if doubt:
        click.echo(f"{doubt} messages were handed over and never answered: they may or may not have arrived")
