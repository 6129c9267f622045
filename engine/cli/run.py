"""regulars run: the daemon."""

import math
import os
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO, cast

import click
import sqlalchemy as sa
import structlog
from structlog.typing import Processor

from engine.channels import CHANNELS, Doors, open_doors
from engine.cli.options import open_store, read_workspace, secrets_of_environment, store_option, workspace_argument
from engine.cli.streams import Unheard, unbuffered
from engine.daemon import Daemon, clock
from engine.inbox import Inbox
from engine.settings import Settings
from engine.shop import Shop
from engine.store.alone import alone
from engine.store.faults import StoreError
from engine.store.mark import Mark
from engine.store.sealed import require_keys


def without_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Channels whose messages are to wait."""
    return click.option(
        "--without", multiple=True, type=click.Choice(CHANNELS),
        help="Leave this channel's door shut: its messages wait, and its secrets need not be set.",
    )(function)  # fmt: skip


def doors(settings: Settings, without: Sequence[str] = ()) -> Doors:
    """The ways out for messages, as the settings say; secrets come from the environment."""
    if not settings.channels.personal:
        raise click.ClickException("settings/regulars.yaml has no channels: say there how messages leave")
    try:
        return open_doors(settings.channels.without(without), os.environ, clock)
    except ValueError as fault:
        raise click.ClickException(str(fault)) from fault


def know_the_erased(store: sa.Engine) -> None:
    """Raises `StoreError` where a message could go to somebody who was erased."""
    with store.connect().execution_options(reading=True) as connection:
        require_keys(connection)


def _renderer() -> Processor:
    """Lines for people at a terminal, JSON for everything that collects logs."""
    if os.isatty(2):
        return structlog.dev.ConsoleRenderer(colors=False)
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def log_to_stderr() -> None:
    """What a program says that goes on for long; without the values of variables, which may be secrets."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _renderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=cast(TextIO, Unheard(unbuffered(sys.stderr)))),
    )


class _Seconds(click.FloatRange):
    """So many seconds; `nan` is not less than the least, and still none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = super().convert(value, param, ctx)
        if math.isnan(found):
            self.fail(f"{value} is no number", param, ctx)
        return found


@click.command("run")
@workspace_argument
@store_option
@click.option("--interval", type=_Seconds(0.05, 3600), default=1.0, show_default=True, help="Seconds between ticks.")
@click.option(
    "--until-idle",
    is_flag=True,
    help="End when nothing is due any more. What a killed one had in hand is taken up at once (on Postgres after a minute).",
)
@click.option(
    "--inbox", type=click.Path(path_type=Path, file_okay=False, exists=True, writable=True),
    help="A folder for CSV files: customers.csv, orders-MONDAY.csv … are imported when they are whole, and moved to its done/.",
)  # fmt: skip
@without_option
def command(
    folder: Path, store: str, interval: float, until_idle: bool, inbox: Path | None, without: tuple[str, ...]
) -> None:
    """Run the playbooks until SIGTERM; changed files are taken over while it runs.

    FOLDER is the workspace: without it this folder if it is one, else playbooks/.
    """
    if until_idle and inbox is not None:
        raise click.UsageError("an inbox is watched and never idle; leave out  --until-idle")
    log_to_stderr()
    workspace = read_workspace(folder, strict=False)
    secrets = secrets_of_environment(workspace)
    with open_store(store) as engine:
        try:
            with alone(engine.url):
                know_the_erased(engine)
                opened = doors(Shop(engine, workspace).settings, without)
                watched = Inbox(inbox) if inbox is not None else None
                mark = Mark.beside(engine.url)
                daemon = Daemon(folder, engine, opened, secrets, timedelta(seconds=interval), inbox=watched, mark=mark)
                daemon.run(until_idle=until_idle)
        except StoreError as fault:
            raise click.ClickException(str(fault)) from fault
