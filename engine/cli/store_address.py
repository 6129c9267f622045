"""The address of a store as people write it: what no store can mean is refused before one is made."""

import importlib
from typing import Any
from urllib.parse import unquote

import click
import sqlalchemy as sa

from engine.cli.words import is_text

#: What SQLite takes for a store in memory.
_IN_MEMORY = (None, "", ":memory:", "file::memory:")


class StoreAddress(click.ParamType):  # type: ignore[type-arg]  # not generic before 8.2
    """`sqlite:///FILE` or `postgresql://USER@HOST/NAME`"""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The address as it was given. What is no address at all is told where the store is opened."""
        written = str(value)
        if not is_text(written) or "\0" in unquote(written):
            self.fail("there is a character in it that no name has", param, ctx)
        try:
            url = sa.make_url(written)
        except (ValueError, sa.exc.ArgumentError):
            return written
        refused = _refused(url)
        if refused:
            self.fail(refused, param, ctx)
        return written


def _refused(url: sa.URL) -> str:
    if url.get_backend_name() == "postgresql":
        unknown = sorted(set(url.query) - _of_postgres(default=set(url.query)))
        return f"Postgres knows no option  {', '.join(unknown)}" if unknown else ""
    if url.get_backend_name() != "sqlite":
        return ""
    if url.database in _IN_MEMORY or url.query.get("mode") == "memory":
        return "a store in memory is gone when the command ends; write sqlite:///FILE"
    if url.query and not (url.database or "").startswith("file:"):
        return f"a file has no options, and these would do nothing: {', '.join(url.query)}; write sqlite:///FILE"
    return ""


def _of_postgres(default: set[str]) -> set[str]:
    """The words that its library knows. Without a driver the store itself says that there is none."""
    try:
        library = importlib.import_module("psycopg.pq")  # an extra, and slow to import
    except ImportError:
        return default
    return {one.keyword.decode() for one in library.Conninfo.get_defaults()}
