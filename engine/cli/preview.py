"""regulars preview: a message as a customer would get it, and who would enter now."""

from collections.abc import Iterator
from pathlib import Path

import click

from engine.answers.preview import Preview
from engine.cli.options import playbook_named, read_workspace, store_option, workspace_option, writing
from engine.cli.stores import any_store
from engine.daemon import clock
from engine.render import Content
from engine.shop import Shop
from engine.workspace import Workspace


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
    """Show the messages of PLAYBOOK by each channel, and how many customers match it now. Nothing is sent or written."""
    workspace = read_workspace(folder, strict=False)
    _must_speak(workspace, language)
    found = playbook_named(workspace, playbook)
    with any_store(store) as engine, engine.connect().execution_options(reading=True) as connection:
        preview = Preview(Shop(engine, workspace), found)
        for line in preview.audience(connection, clock()):
            click.echo(line)
        for shown in preview.messages(connection, customer, language, clock()):
            click.echo(f"\n--- {shown.step}  [{shown.channel}, {shown.language}]")
            for line in _told(shown.content):
                click.echo(line)
            if target is not None and shown.content.html:
                page = target / f"{found.id}-{shown.message}-{shown.language}.html"
                with writing(page):
                    target.mkdir(parents=True, exist_ok=True)
                    page.write_text(shown.content.html, encoding="utf-8")
                click.echo(f"(written to {page})")


def _must_speak(workspace: Workspace, language: str | None) -> None:
    settings = workspace.settings
    if settings is None or language is None:
        return
    if set(settings.nearest(language)).isdisjoint(settings.languages):
        raise click.UsageError(
            f"the shop does not speak `{language}`; its languages are {', '.join(settings.languages)}"
        )


def _told(content: Content) -> Iterator[str]:
    if content.subject:
        yield f"Subject: {content.subject}"
    if content.preheader:
        yield f"Preheader: {content.preheader}"
    yield f"\n{content.text}"
