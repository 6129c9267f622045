"""What the demo shows: each act with its time, the mails as they arrive, the results, a story, and where to look next."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr

import sqlalchemy as sa
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from engine.answers.report import Standing, standings
from engine.channels.sink import Received
from engine.demo.ground import Ground
from engine.demo.history import History
from engine.demo.replay import Moment
from engine.demo.story import Line, headline, of_interest, story


@dataclass
class Show:
    """Prints; `clock` tells how long things take."""

    console: Console
    clock: Callable[[], datetime]

    @contextmanager
    def act(self, title: str) -> Iterator[Callable[[str], None]]:
        """One act: its title, and when it is over what came of it (said through the function) and how long it took."""
        begun = self.clock()
        said: list[str] = []
        self.console.print(f"[bold]{escape(title)}[/]")
        yield said.append
        took = (self.clock() - begun).total_seconds()
        self.console.print(f"  {escape(' '.join(said))} [dim]({took:.0f} s)[/]\n", highlight=False)

    def replaying(self, history: History, moments: Iterator[Moment], until: datetime) -> "Totals":
        """Follows a replay with a bar."""
        totals = Totals()
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TextColumn("{task.fields[totals]}", style="dim"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            bar = progress.add_task("", total=(until - history.begins).total_seconds(), totals="")
            for moment in moments:
                totals.add(moment)
                done = (moment.at - history.begins).total_seconds()
                progress.update(bar, completed=done, description=f"{moment.at:%Y-%m-%d}", totals=str(totals))
        return totals

    def mail(self, mail: Received) -> None:
        """One mail as it arrived."""
        parsed = message_from_bytes(mail.content)
        name, address = parseaddr(str(make_header(decode_header(parsed.get("From", "")))))
        to = ", ".join(mail.recipients)
        line = f"  [dim]{escape(name or address)} →[/] {escape(to):<36} [bold]{escape(mail.subject)}[/]"
        self.console.print(line, highlight=False, no_wrap=True, overflow="ellipsis")

    def results(self, store: sa.Engine, playbooks: Sequence[str]) -> None:
        """By playbook: what it did, and who came back."""
        table = Table(box=None, header_style="bold", padding=(0, 1), pad_edge=False)
        table.add_column("  playbook", no_wrap=True)
        for name in ("entered", "mails", "vouchers", "used", "tasks", "converted", "held out", "converted"):
            table.add_column(name, justify="right", no_wrap=True)
        with store.connect() as connection:
            rows = standings(connection, playbooks)
        for row in rows:
            table.add_row(f"  {row.playbook}", *_numbers(row))
        self.console.print(table)
        self.console.print(
            "  [dim]Held out: got nothing, for comparison. The orders are history and no letter could change them, so here both"
            " groups come back alike.[/]",
            highlight=False,
        )

    def story(self, store: sa.Engine, currency: str) -> str | None:
        """One customer's story. Returns the customer."""
        with store.connect() as connection:
            customer = of_interest(connection)
            if customer is None:
                return None
            title, lines = headline(connection, customer), story(connection, customer, currency)
        self.console.print(
            f"[bold]One customer's story[/] [dim](times in UTC)[/]\n  {escape(title)}\n", highlight=False
        )
        day = None
        for line in lines:
            shown = f"{line.at:%Y-%m-%d}"
            self.console.print(_told(line, "" if shown == day else shown), highlight=False)
            day = shown
        self.console.print()
        return customer

    def next(self, ground: Ground, program: str, customer: str | None, secret: str) -> None:
        """Where to look from here."""
        where = ground.workspace
        lines = [
            ("the playbooks, their messages and tests", str(where)),
            ("the mails that arrived (open one in a mail program)", str(ground.mails)),
            ("", ""),
            ("in this shell, once:", f"export REGULARS_STORE={ground.url} REGULARS_SECRET={secret}"),
            ("who is in which playbook", f"{program} status {where}"),
            (
                "why a customer got something, or nothing",
                f"{program} why {customer or 'ID'} win-back-90-days -w {where}",
            ),
            (
                "a letter as that customer would get it",
                f"{program} preview birthday --customer {customer or 'ID'} -w {where}",
            ),
            (
                "import the orders once more: nothing changes",
                f"{program} import orders {ground.csv('orders')} -w {where}",
            ),
            (
                "change a playbook, then look at it, and test it",
                f"{program} validate {where} && {program} test {where}",
            ),
            ("a workspace of your own", f"{program} init my-shop"),
        ]
        self.console.print("[bold]Where to look next[/]")
        for what, how in lines:
            self.console.print(
                f"  {escape(what)}\n      [cyan]{escape(how)}[/]" if what else "", highlight=False, soft_wrap=True
            )


@dataclass
class Totals:
    """What a replay has done so far."""

    orders: int = 0
    enrolled: int = 0
    mails: int = 0
    ticks: int = 0

    def add(self, moment: Moment) -> None:
        """Counts one tick."""
        self.orders += len(moment.orders)
        self.enrolled += sum(moment.ticked.enrolled.values())
        self.mails += moment.ticked.delivered.counts.get("sent", 0)
        self.ticks += 1

    def __str__(self) -> str:
        return f"{self.orders:,} orders, {self.mails:,} mails"


def _numbers(row: Standing) -> list[str]:
    written_to = row.entered - row.held_out
    converted = _share(row.converted, written_to) if row.converted or row.converted_held_out else ""
    counts = (
        row.entered, row.messages.get("sent", 0), sum(row.vouchers.values()), row.vouchers.get("redeemed", 0), row.tasks,
    )  # fmt: skip
    shown = [f"{count:,}" if count else "" for count in counts]
    if not row.held_out:
        return [*shown, converted, "", ""]
    return [*shown, converted, f"{row.held_out:,}", _share(row.converted_held_out, row.held_out)]


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.0%})" if whole else f"{part:,}"


_COLOURS = {
    "order": "green",
    "mail": "cyan",
    "voucher": "yellow",
    "goal": "bold green",
    "no mail": "red",
    "task": "magenta",
}


def _told(line: Line, day: str) -> str:
    colour = _COLOURS.get(line.kind, "dim")
    return f"  {day:<10} {line.at:%H:%M}  [{colour}]{line.kind:<8}[/] {escape(line.text)}"
