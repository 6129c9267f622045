"""regulars uncertain: messages of which nobody knows whether they went."""

import click

from engine.answers.doubts import open_doubts
from engine.cli.options import ROW, store_option
from engine.cli.stores import made_store
from engine.daemon import clock
from engine.outgoing.doubt import answer

_MOST = 100


@click.command("uncertain")
@click.option("--sent", type=ROW, multiple=True, metavar="ID", help="It went: nothing more is done.")
@click.option("--again", type=ROW, multiple=True, metavar="ID", help="Send it again, the same to the letter.")
@store_option
def command(sent: tuple[int, ...], again: tuple[int, ...], store: str) -> None:
    """List the messages that were handed over and never answered, or say what became of one.

    Those in `review` wait for that; the others are settled by a sign that they arrived, or by `delivery:` of the
    settings and of the playbook.
    """
    both = sorted({*sent} & {*again})
    if both:
        raise click.UsageError(f"{both[0]} went, or is to go again: name it with  --sent  or with  --again")
    with made_store(store) as engine:
        for message in (*sent, *again):
            with engine.begin() as connection:
                before = answer(connection, message, again=message in again, now=clock())
            if before not in ("uncertain", "review"):
                said = "there is no such message" if before is None else f"it is {before.replace('_', ' ')}"
                raise click.ClickException(f"{message} is not in doubt: {said}")
            click.echo(f"{message}: {'goes again with the next tick' if message in again else 'sent'}")
        if sent or again:
            return
        with engine.connect() as connection:
            rows = open_doubts(connection, _MOST)
    for row in rows:
        went = f"{row['sent_at']:%Y-%m-%d %H:%M}" if row["sent_at"] is not None else "never begun"
        what = f"{row['channel']} {row['message']} of {row['playbook']} to {row['customer_id']}"
        click.echo(f"{row['id']:>8}  {row['state']:<9}  {went:<16}  {what}: {row['reason'] or ''}".rstrip(": "))
    if not rows:
        click.echo("no message is in doubt")
