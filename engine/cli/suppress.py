"""regulars suppress: nothing goes to an address any more."""

from pathlib import Path

import click

from engine.cli.options import open_store, read_workspace, store_option, workspace_option
from engine.daemon import clock
from engine.store.ingest import as_looked_up, put_suppressions

CHANNELS = click.Choice(["email", "sms", "chat"])


@click.command("suppress")
@click.argument("address")
@click.option("--reason", required=True, help="Why; it is shown for each message that is not sent.")
@click.option("--channel", type=CHANNELS, default="email", show_default=True, help="The channel.")
@workspace_option
@store_option
def command(address: str, reason: str, channel: str, folder: Path, store: str) -> None:
    """Send nothing more to ADDRESS, not even what is transactional, until `regulars unsuppress`."""
    row = {"address": checked(address, channel, prefix_of(folder, channel)), "reason": reason, "channel": channel}
    with open_store(store) as engine, engine.begin() as connection:
        done = put_suppressions(connection, [row], clock())
    click.echo("suppressed" if done.new else "it was suppressed already; the first reason stays")


def prefix_of(folder: Path, channel: str) -> str | None:
    """The country of numbers that do not say theirs; only for those the workspace is needed."""
    settings = read_workspace(folder, strict=False).settings if channel == "sms" else None
    return settings.channels.prefix if settings is not None else None


def checked(address: str, channel: str, prefix: str | None) -> str:
    """The address as it is looked up, if it is one."""
    try:
        return as_looked_up(channel, address, prefix)
    except ValueError as fault:
        raise click.ClickException(str(fault)) from fault
