"""regulars tasks: what the shop's people have to do or to decide, and what they did."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from engine.cli.options import ROW, read_workspace, store_option, workspace_option
from engine.cli.status import table
from engine.cli.stores import made_store
from engine.daemon import clock
from engine.desk.settle import Answer, Refused, answer, finish, open_questions, open_tasks

_by = click.option("--by", metavar="NAME", help="Who did it.")


@click.group("tasks", invoke_without_command=True)
@workspace_option
@store_option
@click.option("--for", "whom", metavar="NAME", help="Only those of this person or team.")
@click.pass_context
def command(context: click.Context, folder: Path, store: str, whom: str | None) -> None:
    """List what the shop's people have to do and to decide, the most urgent first."""
    context.obj = store
    if context.invoked_subcommand is not None:
        return
    workspace = read_workspace(folder, strict=False)
    zone = workspace.settings.zone if workspace.settings is not None else ZoneInfo("UTC")
    now = clock()
    with made_store(store) as engine, engine.connect() as connection:
        tasks, questions = open_tasks(connection, whom), open_questions(connection) if whom is None else []
    if tasks:
        rows = [("task", "for", "number", "due", "customer", "playbook")]
        rows += [
            (one.task, one.assignee or "", str(one.id), _when(one.due_at, zone, now), one.customer_id, one.playbook)
            for one in tasks
        ]
        click.echo("\n".join(table(rows)))
    if questions:
        rows = [("question", "for", "number", "until", "about", "playbook")]
        rows += [
            (one.question, one.approver, str(one.id), _when(one.until, zone, now), one.subject, one.playbook)
            for one in questions
        ]
        click.echo("\n".join(table(rows)))
    if not tasks and not questions:
        click.echo(f"nothing is to be done by {whom}" if whom else "nothing is to be done")


@command.command("done")
@click.argument("number", type=ROW)
@_by
@click.option("--note", help="What came of it.")
@click.pass_obj
def done(store: str, number: int, by: str | None, note: str | None) -> None:
    """Put down that task NUMBER is done; a run that waited for it goes on."""
    with made_store(store) as engine, engine.begin() as connection:
        _said(finish(connection, number, by, note, clock()), f"task {number} is done")


@command.command("approve")
@click.argument("number", type=ROW)
@_by
@click.pass_obj
def approve(store: str, number: int, by: str | None) -> None:
    """Answer question NUMBER with yes; the runs that waited for it go on."""
    _answer(store, number, "approved", by)


@command.command("refuse")
@click.argument("number", type=ROW)
@_by
@click.pass_obj
def refuse(store: str, number: int, by: str | None) -> None:
    """Answer question NUMBER with no; the runs that waited for it end."""
    _answer(store, number, "refused", by)


def _answer(store: str, number: int, said: Answer, by: str | None) -> None:
    with made_store(store) as engine, engine.begin() as connection:
        _said(answer(connection, number, said, by, clock()), f"question {number}: {said}")


def _said(refused: Refused | None, otherwise: str) -> None:
    if refused is not None:
        raise click.ClickException(refused.why)
    click.echo(otherwise)


def _when(at: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    if at is None:
        return ""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" + (" late" if at < now else "")
