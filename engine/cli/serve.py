"""regulars serve: the pages of customers, and the door for events of other systems."""

import importlib
import ipaddress
import os
import secrets
import signal
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import click
import structlog

from engine.cli.options import (
    long_enough,
    open_store,
    read_workspace,
    secrets_of_environment,
    store_option,
    workspace_argument,
)
from engine.cli.run import know_the_erased, log_to_stderr
from engine.daemon import clock, keep_running, stamp_of
from engine.shop import Shop
from engine.store.faults import StoreError
from engine.web.site import Site
from engine.workspace import load

_log = structlog.get_logger()

#: Seconds between two looks at the files.
_LOOKS = 2.0


@dataclass
class Follower:
    """Takes over changed files, once they have been left alone between two looks; broken ones change nothing."""

    site: Site
    root: Path
    stamp: object = None
    seen: object = None

    def __post_init__(self) -> None:
        self.stamp = self.seen = stamp_of(self.root)

    def look(self) -> None:
        """One look."""
        stamp, before = stamp_of(self.root), self.seen
        self.seen = stamp
        if stamp == self.stamp or stamp != before:
            return
        self.stamp = stamp
        try:
            fresh = keep_running(self.site.shop.workspace, load(self.root))
            self.site.shop = Shop(self.site.store, fresh)
        except Exception:
            _log.exception("the changed workspace cannot be used; the pages stay as they were")

    def follow(self, end: Event) -> None:
        """Looks until the end."""
        while not end.wait(_LOOKS):
            self.look()


class _ProxyAddress(click.ParamType):  # type: ignore[type-arg]  # not generic before 8.2
    """`10.0.0.7` or `10.0.0.0/24`: who sends a request is known by an address, and never by a name."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            network = ipaddress.ip_network(value)
        except ValueError:
            self.fail(f"`{value}` is neither an address nor a network; write 10.0.0.7 or 10.0.0.0/24", param, ctx)
        return str(network.network_address if network.num_addresses == 1 else network)


@click.command("serve")
@workspace_argument
@store_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="The port; 0 takes any.")
@click.option(
    "--proxy", "proxies", multiple=True, type=_ProxyAddress(), metavar="ADDRESS",
    help="The address (or network) of a proxy in front, whose X-Forwarded-For is believed; may be given several times.",
)  # fmt: skip
def command(folder: Path, store: str, host: str, port: int, proxies: tuple[str, ...]) -> None:
    """Serve the pages by which customers leave or stay, and take events from other systems, until SIGTERM.

    It runs beside `regulars run`, on the same store. FOLDER is the workspace: without it this folder if it is one, else
    playbooks/.
    """
    try:
        serving = importlib.import_module("engine.web.serving")  # an extra, and slow to import: only where it is used
        web = importlib.import_module("engine.web.app")
    except ModuleNotFoundError:
        raise click.ClickException("the pages need a web server:  pip install 'regulars[web]'") from None
    log_to_stderr()
    workspace = read_workspace(folder, strict=False)
    secrets_of_environment(workspace)
    signing = long_enough() or [secrets.token_urlsafe(32)]  # there are no links; none that anybody makes may be ours
    with open_store(store) as engine:
        site = Site(engine, Shop(engine, workspace), signing, clock, os.environ)
        try:
            know_the_erased(engine)
            app, listener = web.application(site), serving.listening(host, port)
        except (StoreError, ValueError) as fault:
            raise click.ClickException(str(fault)) from fault
        except OSError as fault:
            raise click.ClickException(f"cannot listen on {host}:{port}: {fault.strerror or fault}") from fault
        click.echo(f"listening on http://{host}:{listener.getsockname()[1]}, seen as {site.shop.settings.web.url}")
        _run(serving.server(app, proxies=proxies), listener, Follower(site, folder))


def _run(server: Any, listener: Any, follower: Follower) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # the server ends at them, and then raises them once more
    end = Event()
    looking = Thread(target=follower.follow, args=[end], name="files", daemon=True)
    looking.start()
    server.run(sockets=[listener])
    end.set()
