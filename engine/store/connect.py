"""Opens a store: one SQLite file (or memory), or a Postgres database, with the settings that the promises rest on."""

from typing import Any

import sqlalchemy as sa

from engine.store.customers import metadata
from engine.store.dialect import positions_ddl

#: Seconds that a writer waits for SQLite's write lock before it gives up.
BUSY_SECONDS = 5.0


def connect(url: str) -> sa.Engine:
    """An engine for `sqlite:///path`, `sqlite://` (memory) or `postgresql://…`. Raises `ValueError` for others."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(f"a store is sqlite:/// or postgresql://, not {parsed.get_backend_name()}://")
    in_memory = parsed.database in (None, "", ":memory:")
    pool: dict[str, Any] = {"poolclass": sa.StaticPool} if in_memory else {}
    # `isolation_level=None` hands BEGIN to us; the driver's own would begin deferred, and late.
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None}
    engine = sa.create_engine(parsed, connect_args=arguments, **pool)
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    return engine


def create(engine: sa.Engine) -> None:
    """Creates all tables at once, for a store in memory; a real store is migrated instead."""
    with engine.begin() as connection:
        metadata.create_all(connection)
        if connection.dialect.name == "sqlite":
            for statement in positions_ddl:
                connection.exec_driver_sql(statement)


def reading(engine: sa.Engine) -> sa.Engine:
    """The same store for reads only: no write lock is taken on SQLite."""
    return engine.execution_options(reading=True)


def _on_connect(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-32768",
        "wal_autocheckpoint=4000",  # pages that large passes write again and again go into the file once
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: sa.Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when another writer came between, whatever the
    # busy timeout says; so a transaction takes the write lock when it begins, unless it says that it only reads.
    reads_only = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
