"""regulars consent: what a customer agreed to, and the evidence for it."""

from pathlib import Path

import click

from engine.answers.evidence import answers
from engine.answers.whom import find_customer
from engine.cli.options import read_workspace, store_option, workspace_option
from engine.cli.stores import made_store
from engine.shop import Shop


@click.command("consent")
@click.argument("customer")
@workspace_option
@store_option
def command(customer: str, folder: Path, store: str) -> None:
    """Show every answer of CUSTOMER (an id or an address) about messages: when, how and where from."""
    workspace = read_workspace(folder, strict=False)
    with made_store(store) as engine, engine.connect() as connection:
        shop = Shop(engine, workspace)
        found = answers(connection, find_customer(shop, connection, customer), shop.settings.zone)
    for one in found:
        click.echo(one)
    if not found:
        click.echo("no answer is on record: marketing does not go to this customer")
