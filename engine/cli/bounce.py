"""regulars bounce: a mail that came back, out of a mail server's pipe; or all of a mailbox."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from engine.bounces.mailbox import MailboxError
from engine.bounces.reading import open_mailbox, read_mailbox
from engine.bounces.record import KEPT, KNOWN, Intake, forget
from engine.bounces.report import LARGEST
from engine.cli.options import read_workspace, secrets_of_environment, store_option, workspace_option
from engine.cli.stores import made_store
from engine.daemon import clock
from engine.shop import Shop
from engine.store.bounces import reports
from engine.workspace import Workspace

#: What became of a mail, for people.
_TOLD = {
    "dead": "nobody has the address: nothing more goes to it",
    "refused": "the mail was refused; the address is kept",
    "full": "the mailbox is full; the address is kept",
    "delayed": "the mail is late; nothing changes",
    "delivered": "the mail was delivered",
    "complained": "reported as spam: nothing more goes to the address, and consent is taken back",
    "left": "asked to leave: consent is taken back",
    "ignored": "changes nothing; it is kept for a look:  regulars bounce --kept",
    KNOWN: "was recorded before; nothing changes",
}


class _Kept(click.ClickException):
    """The mail server is to keep the mail."""

    exit_code = os.EX_TEMPFAIL


class _Piped(click.Command):
    """Ends as mail servers understand it (sysexits.h): whatever hinders us, the mail is kept there and comes again."""

    #: Strangers write the addresses that a mail server hands on; a mail for one that is no text is no report.
    takes_any_bytes = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as fault:
            raise _Kept(fault.format_message()) from fault

    def invoke(self, ctx: click.Context) -> Any:
        with _kept_by_the_server():
            return super().invoke(ctx)


@contextmanager
def _kept_by_the_server() -> Iterator[None]:
    try:
        yield
    except click.ClickException as fault:
        raise _Kept(fault.format_message()) from fault
    except (click.exceptions.Exit, click.Abort):
        raise
    except SystemExit as fault:
        sys.exit(os.EX_TEMPFAIL if fault.code else os.EX_OK)
    except Exception as fault:
        # A fault of ours: whoever reads the mail server's log sees it, and nothing is lost.
        raise _Kept(f"a fault of the engine ({type(fault).__name__}: {fault}); the mail waits") from fault


@click.command("bounce", cls=_Piped)
@workspace_option
@store_option
@click.option(
    "--recipient", envvar=["ORIGINAL_RECIPIENT", "RECIPIENT"], default="", show_envvar=True,
    help="Whom the mail was for, where its head does not say.",
)  # fmt: skip
@click.option("--mailbox", is_flag=True, help="Read the mailbox of the settings instead, once.")
@click.option(
    "--kept", is_flag=True, help="Show mails that changed nothing, of the last 30 days, and count all that came back."
)
def command(folder: Path, store: str, recipient: str, mailbox: bool, kept: bool) -> None:
    """Take in a bounce, a complaint, or a mail that asks to leave, from standard input.

    Believed is only what came to an address that we signed; everything else changes nothing, and nobody is answered. It ends
    with 0 when the mail is recorded, and with 75 where it must come again, so a mail server keeps it.
    """
    if kept:
        with made_store(store) as engine:
            forget(engine, clock())
            _show(engine)
        return
    workspace = read_workspace(folder, strict=False)
    email = workspace.settings.channels.email if workspace.settings is not None else None
    if email is None or email.bounces is None:
        raise click.ClickException(
            "settings/regulars.yaml does not say where bounces come in; add under  channels: email:\n"
            "  bounces: {address: bounces@mail.shop.example}"
        )
    secrets = secrets_of_environment(workspace)
    with made_store(store) as engine:
        intake = Intake(Shop(engine, workspace), secrets, email.bounces.address)
        if mailbox:
            _read(intake, workspace)
            return
        report = intake(_standard_input(), clock(), recipient)
    kind = report.kind if report is not None else KNOWN
    about = f" ({report.said})" if report is not None else ""
    click.echo(f"{kind}: {_TOLD[kind]}{about}")


def _standard_input() -> bytes:
    content = sys.stdin.buffer.read(LARGEST + 1)
    while sys.stdin.buffer.read(LARGEST):
        pass  # a server that cannot write all of a mail takes that for a fault
    return content


def _read(intake: Intake, workspace: Workspace) -> None:
    email = workspace.settings.channels.email if workspace.settings is not None else None
    try:
        found = open_mailbox(email.bounces) if email is not None and email.bounces is not None else None
        if found is None:
            raise click.ClickException("the settings name no mailbox; add  maildir:  or  imap:  to  bounces:")
        counts = read_mailbox(found, intake, clock)
    except (MailboxError, ValueError) as fault:
        raise click.ClickException(str(fault)) from fault
    for kind, count in sorted(counts.items()):
        click.echo(f"{count} {kind}: {_TOLD[kind]}")
    if not counts:
        click.echo("no unread mail")


def _show(store: sa.Engine) -> None:
    with store.connect().execution_options(reading=True) as connection:
        found = sa.select(reports.c.at, reports.c.said, reports.c.excerpt)
        rows = connection.execute(found.where(*KEPT).order_by(reports.c.at)).all()
        counts = connection.execute(sa.select(reports.c.kind, sa.func.count()).group_by(reports.c.kind)).all()
    for at, said, excerpt in rows:
        click.echo(f"--- {at:%Y-%m-%d %H:%M} UTC  {said}\n{_harmless(excerpt)}\n")
    told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(map(tuple, counts)))
    click.echo(f"all that came back: {told}" if told else "nothing came back yet")


def _harmless(text: str) -> str:
    """A stranger's text as it may stand on a terminal."""
    return "".join(one if one.isprintable() or one in "\n\t" else "\N{REPLACEMENT CHARACTER}" for one in text).strip()
