"""regulars export: everything that is known of a customer, as one archive."""

from pathlib import Path

import click

from engine.cli.options import read_workspace, store_option, workspace_option, writing
from engine.cli.stores import made_store
from engine.daemon import clock
from engine.erase import find_person
from engine.export import known, write_archive
from engine.export.archive import file_name
from engine.shop import Shop


@click.command("export")
@click.argument("customer")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="The file [default: regulars-export-CUSTOMER.zip]."
)
@workspace_option
@store_option
def command(customer: str, out: Path | None, folder: Path, store: str) -> None:
    """Write everything that is known of CUSTOMER (an id or an address) into one ZIP file.

    It has a page for people, the same as JSON and CSV, the mails that are still kept, and why the customer got what.
    """
    workspace = read_workspace(folder, strict=False)
    with made_store(store) as engine, engine.connect().execution_options(reading=True) as connection:
        shop = Shop(engine, workspace)
        found = known(shop, connection, find_person(shop, connection, customer), clock())
    path = out or Path(file_name(found.person.id))
    with writing(path):
        write_archive(found, path)
    rows = sum(len(one) for one in (*found.tables.values(), *found.events.values(), found.messages))
    click.echo(f"{path}: {rows:,} rows, {len(found.letters):,} mails; whoever has it knows them all")
