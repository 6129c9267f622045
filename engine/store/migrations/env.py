"""What Alembic runs for every command: the revisions on the connection that it was given, in that one transaction."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

import engine.store.bounces
import engine.store.brakes
import engine.store.contents
import engine.store.desk
import engine.store.erasures
import engine.store.goods
import engine.store.ledger
import engine.store.loyalty
import engine.store.sources  # noqa: F401  (each declares its tables)
from engine.store.connect import connect
from engine.store.customers import metadata


def _ours(_object: Any, name: str | None, *_: Any) -> bool:
    # Numbers the transactions of SQLite alone, and a shop's own tables are not for us to change.
    return name != "positions"


def _render(kind: str, item: Any, autogenerate: Any) -> str | Literal[False]:
    """How a new revision names our own types."""
    if kind != "type" or not isinstance(item, sa.types.TypeDecorator):
        return False
    autogenerate.imports.add(f"from engine.store.types import {type(item).__name__}")
    return f"{type(item).__name__}()"


def _run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=_ours,
        render_item=_render,
        render_as_batch=connection.dialect.name == "sqlite",
        user_module_prefix="",
    )
    context.run_migrations()


_given = context.config.attributes.get("connection")
if _given is not None:
    _run(_given)
else:  # from the command line, to write a new revision:  alembic -x store=sqlite:///… revision --autogenerate
    with connect(context.get_x_argument(as_dictionary=True)["store"]).begin() as _own:
        _run(_own)
