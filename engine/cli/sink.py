"""regulars sink: a mail server of one's own that delivers to nobody."""

import threading
from pathlib import Path

import click

from engine.channels.sink import Sink, into_folder
from engine.cli.options import writing


@click.command("sink")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("mails"))
@click.option("--port", type=click.IntRange(0, 65535), default=2525, show_default=True, help="Port on this machine.")
def command(folder: Path, port: int) -> None:
    """Take every mail and write it into FOLDER [default: mails], to look at what would be sent. Ends with Ctrl-C."""
    with writing(folder):
        receive = into_folder(folder, click.echo)
    try:
        with Sink(receive, port=port) as sink:
            click.echo(f"mails to 127.0.0.1:{sink.port} go to {folder}/")
            threading.Event().wait()
    except OSError as fault:
        raise click.ClickException(
            f"port {port} cannot be used: {fault.strerror}; choose another with --port"
        ) from fault
    except KeyboardInterrupt:
        click.echo("")
