"""regulars points: the ledger of a customer's points."""

from pathlib import Path

import click

from engine.answers.whom import find_customer
from engine.cli.options import store_option, workspace_option
from engine.cli.status import table
from engine.cli.voucher import LengthOfTime, at_counter
from engine.clocks.times import Length

_POINTS = click.IntRange(1, 10**12)
_HEAD = ("at", "what", "points", "balance", "lapses", "why")


@click.command("points")
@click.argument("customer")
@click.option("--grant", type=_POINTS, help="Give so many points.")
@click.option("--spend", type=_POINTS, help="Take so many points, which the customer spends.")
@click.option("--expires", type=LengthOfTime(), help='When granted points lapse: "12 months". [default: never]')
@click.option("--reason", default="by hand", show_default=True, help="Why, for the record.")
@workspace_option
@store_option
def command(
    customer: str, grant: int | None, spend: int | None, expires: Length | None, reason: str, folder: Path, store: str
) -> None:
    """Show the points of CUSTOMER (an id or an address), entry by entry; or grant some, or spend some."""
    with at_counter(folder, store) as (counter, connection):
        who = find_customer(counter.shop, connection, customer)
        if grant is not None:
            counter.grant(connection, who, grant, reason, expires)
        if spend is not None:
            counter.spend(connection, who, spend, reason)
        rows = counter.ledger(connection, who)
    zone = counter.shop.settings.zone
    lines = [
        (
            f"{row['at'].astimezone(zone):%Y-%m-%d %H:%M}", row["change"].replace("_", " "), f"{row['amount']:+}",
            f"{row['balance']} ", str(row["expires_on"] or ""), row["reason"],
        )
        for row in rows
    ]  # fmt: skip
    for line in table([_HEAD, *lines]) if lines else ["no points yet"]:
        click.echo(line)
