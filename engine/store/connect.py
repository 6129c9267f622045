"""Opens a store: one SQLite file (or memory), or a Postgres database, with the settings that the promises rest on."""

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from engine.store.customers import metadata
from engine.store.dialect import positions_ddl
from engine.store.faults import StoreError

#: Seconds that a writer waits for SQLite's write lock before it gives up.
BUSY_SECONDS = 5.0


def connect(url: str) -> sa.Engine:
    """An engine for `sqlite:///path`, `sqlite://` (memory) or `postgresql://…`. Raises `ValueError` for others.

    Raises `StoreError` where the driver of Postgres is not installed.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "postgresql":
        try:
            engine = sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        except ModuleNotFoundError as fault:
            raise StoreError("Postgres needs a driver", "pip install 'regulars[postgres]'") from fault
        sa.event.listen(engine, "begin", _on_begin_postgres)
        return engine
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(f"a store is sqlite:/// or postgresql://, not {parsed.get_backend_name()}://")
    in_memory = parsed.database in (None, "", ":memory:")
    pool: dict[str, Any] = {"poolclass": sa.StaticPool} if in_memory else {}
    # `isolation_level=None` hands BEGIN to us; the driver's own would begin deferred, and late.
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None}
    engine = sa.create_engine(parsed, connect_args=arguments, **pool)
    if not in_memory:
        sa.event.listen(engine, "do_connect", _its_owners_alone)
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


def _its_owners_alone(_dialect: Any, _record: Any, arguments: Sequence[Any], _more: Any) -> None:
    """A new file is made so that others on the machine cannot read it; what SQLite puts beside it is then like it."""
    if str(arguments[0]).startswith("file:"):
        return  # an address with options of SQLite's own
    with suppress(OSError):  # it is there, or cannot be made: then SQLite says so
        os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


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


def repeatable(engine: sa.Engine) -> sa.Engine:
    """The same store for work that is simply done again after a loss of power: its commits do not wait for the disk.

    The next ordinary commit waits for everything before it too, so what follows such work never outlives it.
    """
    return engine.execution_options(repeatable=True)


def _on_begin(connection: sa.Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when another writer came between, whatever the
    # busy timeout says; so a transaction takes the write lock when it begins, unless it says that it only reads.
    options = connection.get_execution_options()
    reads_only = options.get("reading", False)
    if not reads_only:
        _wait_for_the_disk(connection, unless=options.get("repeatable", False))
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _on_begin_postgres(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("repeatable", False):
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")


def _wait_for_the_disk(connection: sa.Connection, *, unless: bool) -> None:
    """Sets `synchronous` aside for repeatable work, and back for the next that is not."""
    before = connection.info.get("synchronous")
    if unless and before is None:
        connection.info["synchronous"] = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
    elif before is not None and not unless:
        connection.exec_driver_sql(f"PRAGMA synchronous={int(connection.info.pop('synchronous'))}")
