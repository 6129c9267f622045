"""What several commands share: the workspace's folder, the store, and how a fault is told."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from engine.answers.whom import UnknownCustomer
from engine.cli.store_address import StoreAddress
from engine.cli.words import is_text
from engine.render import SHORTEST_SECRET
from engine.source.near import suggest
from engine.source.printing import print_problems
from engine.store.connect import connect
from engine.store.faults import StoreError, in_plain_words
from engine.store.migrate import migrate
from engine.store.sealed import keep_keys
from engine.workspace import Workspace, load
from engine.workspace.playbook import Playbook

#: The number of a row, as large as any store counts.
ROW = click.IntRange(1, 2**63 - 1)
DEFAULT_STORE = "sqlite:///regulars.sqlite"
SECRET = "REGULARS_SECRET"  # noqa: S105  (the name of the variable, not a secret)
OLD_SECRET = "REGULARS_SECRET_OLD"  # noqa: S105


class Tidy(click.Group):
    """Lists the commands in the order in which they are added, which is the order of work."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)


def this_or_playbooks(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path:
    """The folder that was named; without one this folder if it is a workspace, else `playbooks/`."""
    if value is not None:
        return value
    here = Path()
    return here if (here / "settings" / "regulars.yaml").exists() else Path("playbooks")


def workspace_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """The folder of the workspace; without it, this folder if it is one, else `playbooks/`."""
    return click.argument(
        "folder", required=False, type=click.Path(path_type=Path, file_okay=False), callback=this_or_playbooks
    )(function)


def workspace_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same as an option, for commands that have other arguments."""
    return click.option(
        "--workspace", "-w", "folder", type=click.Path(path_type=Path, file_okay=False), callback=this_or_playbooks,
        help="Folder of the workspace [default: this one, else playbooks/].",
    )(function)  # fmt: skip


def store_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where the store is."""
    return click.option(
        "--store", type=StoreAddress(), envvar="REGULARS_STORE", default=DEFAULT_STORE, show_default=True, show_envvar=True,
        help="The store: sqlite:///FILE or postgresql://USER@HOST/NAME.",
    )(function)  # fmt: skip


def read_workspace(folder: Path, *, strict: bool = True) -> Workspace:
    """Loads a workspace. Errors are printed (`validate` shows the warnings too); with `strict` one ends the command."""
    if not folder.is_dir():
        raise click.ClickException(f"there is no folder `{folder}`; make a workspace with:  regulars init {folder}")
    workspace = load(folder)
    if workspace.errors:
        click.echo(print_problems(workspace.errors, workspace.texts), err=True)
    unusable = workspace.settings is None or workspace.catalogue is None
    if unusable or (strict and workspace.errors):
        sys.exit(1)
    return workspace


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Writes what was asked for; where that cannot be, a sentence names it."""
    try:
        yield
    except OSError as fault:
        raise click.ClickException(f"{path} cannot be written: {fault.strerror or fault}") from fault


def store_as_it_is(url: str) -> sa.Engine:
    """The store, of which nothing is asked yet: none is made or migrated."""
    try:
        store = connect(url)
    except StoreError as fault:
        raise click.ClickException(str(fault)) from fault
    except (ValueError, sa.exc.ArgumentError) as fault:
        raise click.ClickException(
            f"`{url}` is no store; write sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from fault
    keep_keys(store, long_enough())
    return store


@contextmanager
def in_sentences() -> Iterator[None]:
    """What a store fails at, and whom it does not know, is told in a sentence."""
    try:
        with in_plain_words():
            yield
    except (StoreError, UnknownCustomer) as fault:
        raise click.ClickException(str(fault)) from fault


@contextmanager
def open_store(url: str) -> Iterator[sa.Engine]:
    """The store, migrated to this version."""
    store = store_as_it_is(url)
    with in_sentences():
        migrate(store)
        yield store


def secrets_of_environment(workspace: Workspace) -> list[str]:
    """The secrets that sign unsubscribe links, the present one last. A workspace without marketing mail and
    without an address for bounces needs none."""
    found = long_enough()
    email = workspace.settings.channels.email if workspace.settings is not None else None
    marketing = any(playbook.purpose == "marketing" for playbook in workspace.playbooks.values())
    signed = marketing or (email is not None and email.bounces is not None)
    if signed and len(secret_of(SECRET)) < SHORTEST_SECRET:
        raise click.ClickException(
            f"set {SECRET}: it signs the unsubscribe links and the addresses for bounces ({SHORTEST_SECRET} characters or more,"
            " kept for years). Make one with:\n  python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return found or ["nothing-is-signed"]


def long_enough() -> list[str]:
    """Our secrets of the environment, the present one last; of old ones there may be several, with spaces between."""
    old = secret_of(OLD_SECRET)
    found = [*dict.fromkeys([old, *old.split()]), secret_of(SECRET)]
    return [value for value in found if len(value) >= SHORTEST_SECRET]


def secret_of(name: str) -> str:
    """A secret of the environment, empty where it is not set."""
    value = os.environ.get(name, "")
    if not is_text(value):
        raise click.ClickException(f"{name} is no text in UTF-8; set it to the characters of the secret")
    return value


def playbook_named(workspace: Workspace, name: str) -> Playbook:
    """The playbook of that id; a near one is suggested where there is none."""
    found = workspace.playbooks.get(name)
    if found is None:
        hints = suggest(name, workspace.playbooks, "playbooks")
        raise click.ClickException("\n".join([f"there is no playbook `{name}` without errors in it", *hints]))
    return found
