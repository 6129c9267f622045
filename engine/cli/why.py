"""regulars why: condition by condition, why a customer got something or nothing."""

from pathlib import Path

import click

from engine.answers.why import Why
from engine.cli.options import playbook_named, read_workspace, store_option, workspace_option
from engine.cli.stores import made_store
from engine.daemon import clock
from engine.shop import Shop

_MARKS = {True: "yes", False: "NO", None: ""}


@click.command("why")
@click.argument("customer")
@click.argument("playbook")
@workspace_option
@store_option
def command(customer: str, playbook: str, folder: Path, store: str) -> None:
    """Say why CUSTOMER (an id or an address) is or is not in PLAYBOOK, condition by condition."""
    workspace = read_workspace(folder, strict=False)
    found = playbook_named(workspace, playbook)
    with made_store(store) as engine, engine.connect().execution_options(reading=True) as connection:
        lines = Why(Shop(engine, workspace), found)(connection, customer, clock())
    width = max(len(line.text) + 2 * line.depth for line in lines)
    for line in lines:
        text = ("  " * line.depth + line.text).ljust(min(width, 90))
        click.echo(f"  {_MARKS[line.holds]:<4}{text}  {line.value}".rstrip())
