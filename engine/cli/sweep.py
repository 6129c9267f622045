"""regulars sweep: overwrites what erased rows left behind in the store's file."""

import click

from engine.cli.options import store_option
from engine.cli.stores import made_store
from engine.daemon import clock
from engine.erase import sweep


@click.command("sweep")
@store_option
def command(store: str) -> None:
    """Overwrite what erased rows left behind in the file. `erase` does it too; this is for when it could not."""
    with made_store(store) as engine:
        if not sweep(engine, clock()):
            raise click.ClickException("another program is reading the file; stop it and try again")
    click.echo("nothing of what was erased stands in the file any more")
