"""regulars unsuppress: messages may go to an address again."""

from pathlib import Path

import click

from engine.cli.options import store_option, workspace_option
from engine.cli.stores import made_store
from engine.cli.suppress import CHANNELS, checked, prefix_of
from engine.store.ingest import lift_suppression
from engine.store.sealed import CUSTOMER


@click.command("unsuppress")
@click.argument("address")
@click.option(
    "--channel",
    type=click.Choice([*CHANNELS.choices, CUSTOMER]),
    default="email",
    show_default=True,
    help="The channel; `customer` with an id lets a customer in again who was erased.",
)
@workspace_option
@store_option
def command(address: str, channel: str, folder: Path, store: str) -> None:
    """Let messages go to ADDRESS again; what was left out meanwhile is not made up for."""
    prefix = prefix_of(folder, channel)
    with made_store(store) as engine, engine.begin() as connection:
        lifted = lift_suppression(connection, channel, address, prefix)
    if not lifted:
        checked(address, channel, prefix)
        raise click.ClickException(f"nothing was held back from {address} by {channel}")
    click.echo("messages may go there again; consent is asked as ever")
