"""regulars voucher: what the shop's people do with vouchers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import sqlalchemy as sa

from engine.answers.whom import find_customer
from engine.cli.options import Tidy, read_workspace, store_option, workspace_option
from engine.cli.status import table
from engine.cli.stores import made_store
from engine.clocks.times import Length
from engine.daemon import clock
from engine.loyalty.by_hand import Counter, Refusal
from engine.shop import Shop


class LengthOfTime(click.ParamType):  # type: ignore[type-arg]  # not generic before 8.2
    """`7 days`"""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Length:
        if isinstance(value, Length):
            return value
        try:
            return Length.parse(value)
        except ValueError as fault:
            self.fail(str(fault), param, ctx)


@contextmanager
def at_counter(folder: Path, store: str) -> Iterator[tuple[Counter, sa.Connection]]:
    """The counter of a shop with a transaction; what is refused is told in a sentence."""
    workspace = read_workspace(folder, strict=False)
    try:
        with made_store(store) as engine, engine.begin() as connection:
            yield Counter(Shop(engine, workspace), clock()), connection
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal


@click.group("voucher", cls=Tidy)
def command() -> None:
    """Issue, redeem, extend and take back vouchers, and fill their pools of codes."""


@command.command("issue")
@click.argument("kind")
@click.argument("customer")
@click.option("--expires", type=LengthOfTime(), help='How long it can be redeemed: "30 days". [default: for ever]')
@workspace_option
@store_option
def issue(kind: str, customer: str, expires: Length | None, folder: Path, store: str) -> None:
    """Give CUSTOMER (an id or an address) a voucher of a KIND, and print its code."""
    with at_counter(folder, store) as (counter, connection):
        found = counter.issue(connection, kind, find_customer(counter.shop, connection, customer), expires)
    click.echo(found["code"])


@command.command("redeem")
@click.argument("code")
@click.option("--order", help="The order that it is redeemed with.")
@workspace_option
@store_option
def redeem(code: str, order: str | None, folder: Path, store: str) -> None:
    """Redeem a voucher by its CODE: once, and only while it is good."""
    with at_counter(folder, store) as (counter, connection):
        said = counter.redeem(connection, code, order)
    click.echo(said)


@command.command("extend")
@click.argument("code")
@click.option("--by", required=True, type=LengthOfTime(), help='How much longer: "7 days".')
@workspace_option
@store_option
def extend(code: str, by: Length, folder: Path, store: str) -> None:
    """Let the voucher with this CODE live longer; one that lapsed lives again, from now."""
    with at_counter(folder, store) as (counter, connection):
        said = counter.extend(connection, code, by)
    click.echo(said)


@command.command("take-back")
@click.argument("code")
@click.option("--reason", help="Why, for the record.")
@workspace_option
@store_option
def take_back(code: str, reason: str | None, folder: Path, store: str) -> None:
    """Take the voucher with this CODE back, unless it is redeemed."""
    with at_counter(folder, store) as (counter, connection):
        said = counter.take_back(connection, code, reason)
    click.echo(said)


@command.command("import")
@click.argument("kind")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@workspace_option
@store_option
def import_(kind: str, file: Path | None, folder: Path, store: str) -> None:
    """Fill the pool of a KIND with the codes of a FILE [default: the one that its `pool` names].

    One code a line, or a CSV file whose first line names a column `code`. A code that is known already stays.
    """
    with at_counter(folder, store) as (counter, connection):
        declared = counter.shop.vouchers.get(kind)
        path = file or (
            folder / declared.pool if declared is not None and declared.pool not in (None, "imported") else None
        )
        if path is None or not path.is_file():
            raise click.ClickException(f"there is no file of codes; write  regulars voucher import {kind} FILE")
        done = counter.import_codes(connection, kind, path.read_text(encoding="utf-8-sig").splitlines())
    click.echo(f"{done.new} codes are new, {done.known} were known")
    if done.elsewhere:
        click.echo(f"{done.elsewhere} codes belong to another pool or voucher, and were left out")


@command.command("stock")
@workspace_option
@store_option
def stock(folder: Path, store: str) -> None:
    """Show every kind of voucher in numbers."""
    with at_counter(folder, store) as (counter, connection):
        rows = list(counter.stock(connection))
    for line in table(rows):
        click.echo(line)
