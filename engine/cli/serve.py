"""regulars serve: the pages of customers, and the door for events of other systems."""

import importlib
import os
from pathlib import Path

import click

from engine.cli.options import open_store, read_workspace, secrets_of_environment, store_option, workspace_argument
from engine.daemon import clock
from engine.shop import Shop
from engine.web.site import Site


@click.command("serve")
@workspace_argument
@store_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="The port; 0 takes any.")
@click.option(
    "--proxy", "proxies", multiple=True, metavar="ADDRESS",
    help="The address of a proxy in front, whose X-Forwarded-For is believed; may be given several times.",
)  # fmt: skip
def command(folder: Path, store: str, host: str, port: int, proxies: tuple[str, ...]) -> None:
    """Serve the pages by which customers leave or stay, until SIGTERM.

    FOLDER is the workspace: without it this folder if it is one, else playbooks/.
    """
    try:
        serving = importlib.import_module("engine.web.serving")  # an extra, and slow to import: only where it is used
        app = importlib.import_module("engine.web.app")
    except ModuleNotFoundError:
        raise click.ClickException("the pages need a web server:  pip install 'regulars[web]'") from None
    workspace = read_workspace(folder, strict=False)
    secrets = secrets_of_environment(workspace)
    with open_store(store) as engine:
        site = Site(engine, Shop(engine, workspace), secrets, clock, os.environ)
        listener = serving.listening(host, port)
        click.echo(f"listening on http://{host}:{listener.getsockname()[1]}")
        serving.server(app.application(site), proxies=proxies).run(sockets=[listener])
