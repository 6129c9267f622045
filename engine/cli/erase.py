"""regulars erase: a customer out of every table, for good."""

import shlex
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click
import sqlalchemy as sa

from engine.answers.whom import UnknownCustomer
from engine.cli.options import SECRET, read_workspace, store_option, workspace_option
from engine.cli.stores import made_store
from engine.daemon import clock
from engine.erase import (
    TABLES,
    CannotSeal,
    Deleted,
    Patience,
    Person,
    Sealed,
    erase_for_good,
    find_person,
    find_remains,
    in_numbers,
    sweep,
)
from engine.shop import Shop
from engine.store.sealed import require_keys

_BEYOND = (
    "What the store does not have is yours to erase: files that were imported, with the .rejected.csv beside them, the"
    " mail server's logs, and backups."
)


@click.command("erase")
@click.argument("customer")
@click.option("--dry-run", "dry", is_flag=True, help="Only say how many rows there are, and what would become of them.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@workspace_option
@store_option
def command(customer: str, dry: bool, yes: bool, folder: Path, store: str) -> None:
    """Erase CUSTOMER (an id or an address) from every table, for good.

    Runs end and messages that wait are cancelled. What figures are made of stays, without the person. Of each address a
    keyed hash stays on the list of suppressions, so that nothing goes there and no later import brings the customer back.
    """
    workspace = read_workspace(folder, strict=False)
    with made_store(store) as engine:
        shop = Shop(engine, workspace)
        with engine.connect().execution_options(reading=True) as connection, connection.begin():
            require_keys(connection)
            person = _person(shop, connection, customer)
            counts = in_numbers(connection, person)
        _say(counts)
        if dry:
            click.echo("nothing was erased")
            return
        if not yes:
            click.confirm(f"Erase `{person.id}` for good?", abort=True)
        patience = Patience(time.monotonic, time.sleep)
        # Looked up once more: while we asked, another address may have been written down, to be sealed too.
        look = partial(_person, shop, customer=person.id)
        try:
            done = erase_for_good(shop, look, clock(), patience, partial(_say_waiting, patience))
        except CannotSeal:
            raise click.ClickException(
                f"set {SECRET}: without it the addresses could not be known again, and an import would bring them back"
            ) from None
        click.echo(f"erased: {sum(done.erased.counts.values()):,} rows; it is erasure {done.erased.number}")
        if done.at_work:
            _say_at_work(done.at_work, done.person)
        if not sweep(engine, clock()):
            click.echo(
                "another program was reading the file, so copies of the rows may still stand in its free space:"
                " stop it and type  regulars sweep"
            )
    _say_beyond(done.person)


def _person(shop: Shop, connection: sa.Connection, customer: str) -> Person:
    try:
        return find_person(shop, connection, customer)
    except UnknownCustomer as fault:
        remains = find_remains(shop, connection, customer)
        if remains is None:
            raise click.ClickException(str(fault)) from fault
        return remains


def _say(counts: Mapping[str, int]) -> None:
    for name, count in counts.items():
        if count:
            rule = TABLES[name]
            becomes = "deleted" if isinstance(rule, Deleted) else "kept for figures, without the person"
            click.echo(f"{name:<16} {count:>7,}  {'replaced by a hash' if isinstance(rule, Sealed) else becomes}")


def _say_waiting(patience: Patience) -> None:
    click.echo(
        f"waiting up to {patience.longest:.0f} seconds for transactions that had begun before, to erase what they write too"
    )


def _say_at_work(processes: Sequence[int], person: Person) -> None:
    one = len(processes) == 1
    click.echo(
        f"{'a transaction' if one else f'{len(processes)} transactions'} that had begun before"
        f" {'is' if one else 'are'} still open (process {', '.join(map(str, processes))}) and may yet write of the"
        f" customer: when {'it has' if one else 'they have'} ended, type  regulars erase {shlex.quote(person.id)} --yes"
    )


def _say_beyond(person: Person) -> None:
    if person.elsewhere is not None:
        click.echo(
            f"The customer's row in your own table `{person.elsewhere}`, and what your other tables have, is not the"
            " engine's to touch: erase it there."
        )
    click.echo(_BEYOND)
