"""Rows for the tests of the store, and a look at everything that a store holds."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.customers import metadata
from engine.store.ingest import put_customers


def everything(store: sa.Engine) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, by table."""
    with store.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def one(store: sa.Engine, table: sa.Table, **key: Any) -> Any:
    """The one row of a table with these values."""
    with store.connect() as connection:
        wanted = (table.c[name] == value for name, value in key.items())
        return connection.execute(sa.select(table).where(*wanted)).one()


def add_customers(store: sa.Engine, now: datetime, *ids: str) -> None:
    """Customers of whom only the id is known."""
    with store.begin() as connection:
        put_customers(connection, [{"id": one_id} for one_id in ids], now)
