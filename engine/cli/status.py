"""regulars status: every playbook in numbers."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath

import click

from engine.answers.doubts import Doubts, doubts
from engine.answers.doubts import told as told_of_doubts
from engine.answers.plan import problems as left_behind
from engine.answers.report import Standing, sent_by_channel, standings
from engine.answers.splits import splits, told
from engine.brakes.holding import standing_holds, waiting_for_a_place
from engine.cli.options import read_workspace, store_option, workspace_argument
from engine.cli.stores import made_store
from engine.runs.counting import counted
from engine.shop import Shop
from engine.workspace import Workspace

_HEAD = ("playbook", "status", "entered", "running", "held out", "refused", "sent", "on the way", "waiting", "in doubt",
         "not sent", "vouchers", "tasks", "converted")  # fmt: skip
_SENT = ("sent", "assumed_sent")
_WAITING = ("planned", "deferred", "claimed")
_IN_DOUBT = ("uncertain", "review")  # nobody knows: neither sent nor not sent


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows in columns: names to the left, numbers to the right; a zero is left out, so that the others are seen."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell if cell != "0" else "" for cell in row]
        names, numbers = cells[:2], cells[2:]
        left = [cell.ljust(width) for cell, width in zip(names, widths, strict=False)]
        right = [cell.rjust(width) for cell, width in zip(numbers, widths[2:], strict=True)]
        yield "  ".join(left + right).rstrip()


@click.command("status")
@workspace_argument
@store_option
@click.option("--splits", "ways", is_flag=True, help="Which way of each split brought more people to the goal.")
def command(folder: Path, store: str, ways: bool) -> None:
    """Show who is in which playbook, and what went out.

    FOLDER is the workspace: without it this folder if it is one, else playbooks/.
    """
    workspace = read_workspace(folder, strict=False)
    if ways:
        _say_splits(store)
        return
    with made_store(store) as engine, engine.connect() as connection:
        rows = standings(connection, workspace.playbooks)
        doubt, by_channel = doubts(connection), sent_by_channel(connection)
        refused = left_behind(workspace, connection)
        given = counted(connection)
        stands = standing_holds(connection)
        behind = waiting_for_a_place(connection, Shop(engine, workspace))
    for line in table([_HEAD, *(_numbers(row, workspace) for row in rows)]):
        click.echo(line)
    for playbook in workspace.playbooks.values():
        quota = playbook.change.at_most
        if quota is not None:
            click.echo(
                f"{playbook.id}: {given.get((playbook.id, quota.what), 0):,} of at most {quota.count:,} {quota.what}"
            )
    for stand in stands:
        click.echo(str(stand))
    for name, count in behind.items():
        click.echo(f"{name}: {count:,} wait for a place behind a brake, and begin as it leaves room")
    for problem in refused:
        name = Path(problem.place.file).stem
        click.echo(f"{name}: its older version goes on ({problem.text}); see  regulars plan")
    for line in _messages(by_channel, doubt):
        click.echo(line)


def _messages(by_channel: Mapping[str, int], doubt: Doubts) -> Iterator[str]:
    if len(by_channel) > 1:
        yield "sent by channel: " + ", ".join(f"{channel} {count:,}" for channel, count in by_channel.items())
    yield from told_of_doubts(doubt)


def _say_splits(store: str) -> None:
    with made_store(store) as engine, engine.connect() as connection:
        found = splits(connection)
    for line in told(found) if found else ("nobody went through a split yet",):
        click.echo(line)


def _numbers(row: Standing, workspace: Workspace) -> list[str]:
    playbook = workspace.playbooks.get(row.playbook)
    sent, sending = sum(row.messages.get(state, 0) for state in _SENT), row.messages.get("sending", 0)
    waiting = sum(row.messages.get(state, 0) for state in _WAITING)
    doubt = sum(row.messages.get(state, 0) for state in _IN_DOUBT)
    counts = (
        row.entered, row.runs.get("running", 0), row.held_out, row.runs.get("refused", 0), sent, sending, waiting,
        doubt, sum(row.messages.values()) - sent - sending - waiting - doubt, sum(row.vouchers.values()), row.tasks, row.converted,
    )  # fmt: skip
    return [row.playbook, playbook.status if playbook else _absence(row.playbook, workspace), *map(str, counts)]


def _absence(playbook: str, workspace: Workspace) -> str:
    """Why a playbook on record is not one of the workspace's: its people stand still while it has mistakes."""
    written = any(PurePath(file).name == f"{playbook}.yaml" for file in workspace.texts)
    return "has errors" if written else "not in the workspace"
