"""Stores that must be there already: who asks one that was never made means another one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import sqlalchemy as sa

from engine.cli.options import in_sentences, store_as_it_is
from engine.store.connect import connect
from engine.store.migrate import is_empty, migrate


@contextmanager
def made_store(url: str) -> Iterator[sa.Engine]:
    """The store as `open_store` gives it, where some command has made it before."""
    store = store_as_it_is(url)
    with in_sentences():
        if not _is_made(store):
            raise click.ClickException(
                f"there is no store at {_shown(url)}; go to its folder, or name it with --store or REGULARS_STORE"
                " (`regulars import` and `regulars run` make a new one)"
            )
        migrate(store)
        yield store


@contextmanager
def any_store(url: str) -> Iterator[sa.Engine]:
    """The store where there is one; else an empty one that is written nowhere, for what can be said without."""
    store = store_as_it_is(url)
    with in_sentences():
        if not _is_made(store):
            click.echo(f"there is no store at {_shown(url)} yet: this is as if nobody was in it", err=True)
            store = connect("sqlite://")
        migrate(store)
        yield store


def _is_made(store: sa.Engine) -> bool:
    """Whether there are tables of ours; a file that is not there is not made by asking."""
    file = store.url.database if store.dialect.name == "sqlite" else None
    if file and not file.startswith("file:") and not Path(file).exists():
        return False
    return not is_empty(store)


def _shown(url: str) -> str:
    """As it was given, with the folder in which a file is looked for, and without a password."""
    parsed = sa.make_url(url)
    beside = parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "/").is_absolute()
    return f"{parsed.render_as_string()}{f' in {Path.cwd()}' if beside else ''}"
