"""regulars preview: a message as a customer would get it, and who would enter now."""

from pathlib import Path

import click

from engine.cli.options import open_store, playbook_named, read_workspace, store_option, workspace_option
from engine.daemon import clock
from engine.preview import Preview
from engine.shop import Shop


@click.command("preview")
@click.argument("playbook")
@workspace_option
@store_option
@click.option("--customer", help="Whose values the texts show: an id or an address [default: made up].")
@click.option("--language", help="Language of the texts [default: the customer's].")
@click.option(
    "--html",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the mails as pages into this folder.",
)
def command(
    playbook: str, folder: Path, store: str, customer: str | None, language: str | None, target: Path | None
) -> None:
    """Show the mails of PLAYBOOK, and how many customers match it now. Nothing is sent or written."""
    workspace = read_workspace(folder, strict=False)
    found = playbook_named(workspace, playbook)
    with open_store(store) as engine, engine.connect().execution_options(reading=True) as connection:
        preview = Preview(Shop(engine, workspace), found)
        for line in preview.audience(connection, clock()):
            click.echo(line)
        for mail in preview.mails(connection, customer, language, clock()):
            click.echo(f"\n--- {mail.step}  [{mail.language}]\nSubject: {mail.content.subject}\n\n{mail.content.text}")
            if target is not None:
                target.mkdir(parents=True, exist_ok=True)
                page = target / f"{found.id}-{mail.message}-{mail.language}.html"
                page.write_text(mail.content.html, encoding="utf-8")
                click.echo(f"(written to {page})")
