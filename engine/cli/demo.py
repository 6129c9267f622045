"""regulars demo: a real purchase history replayed, then real mails into a local sink."""

import secrets
import sys
from pathlib import Path

import click
from rich.console import Console

from engine.cli.options import SECRET, secret_of, writing
from engine.daemon import clock
from engine.demo.ground import Taken, prepare
from engine.demo.live import NotRunning
from engine.demo.play import Broken, play
from engine.demo.show import Show

#: The table of results needs as much; a narrower screen wraps lines.
_WIDTH = 100


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/demo"),
    show_default=True,
    help="Where everything is made; made anew each time.",
)
def command(folder: Path) -> None:
    """Replay a real purchase history through the engine, then send real mails into a local sink. Takes about a minute."""
    secret = secret_of(SECRET) or secrets.token_urlsafe(32)
    try:
        console = Console()
        console.width = max(console.width, _WIDTH)
        with writing(folder):
            ground = prepare(folder)
        play(ground, Show(console, clock), _program(), secret)
    except Taken as fault:
        raise click.ClickException(str(fault)) from fault
    except NotRunning as fault:
        log = folder / "daemon.log"
        raise click.ClickException(f"{fault}; its log is {log}:\n{log.read_text(encoding='utf-8')}") from fault
    except Broken as fault:
        raise click.ClickException(str(fault)) from fault


def _program() -> str:
    """How this program was called, so that its commands can be copied from the screen."""
    called = Path(sys.argv[0])
    if called.name != "regulars":
        return "regulars"
    here = Path.cwd()
    return str(called.relative_to(here)) if called.is_relative_to(here) else str(called)
