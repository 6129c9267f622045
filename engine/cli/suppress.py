"""regulars suppress: nothing goes to an address any more."""

import click

from engine.addresses import parse_address
from engine.cli.options import open_store, store_option
from engine.daemon import clock
from engine.store.ingest import put_suppressions

CHANNELS = click.Choice(["email", "sms", "chat"])


@click.command("suppress")
@click.argument("address")
@click.option("--reason", required=True, help="Why; it is shown for each message that is not sent.")
@click.option("--channel", type=CHANNELS, default="email", show_default=True, help="The channel.")
@store_option
def command(address: str, reason: str, channel: str, store: str) -> None:
    """Send nothing more to ADDRESS, not even what is transactional, until `regulars unsuppress`."""
    row = {"address": checked(address, channel), "reason": reason, "channel": channel}
    with open_store(store) as engine, engine.begin() as connection:
        done = put_suppressions(connection, [row], clock())
    click.echo("suppressed" if done.new else "it was suppressed already; the first reason stays")


def checked(address: str, channel: str) -> str:
    """The address, if it is one."""
    try:
        return parse_address(address) if channel == "email" else address.strip()
    except ValueError as fault:
        raise click.ClickException(str(fault)) from fault
