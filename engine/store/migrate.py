"""Brings a store to the version of the code, and refuses one that is older or newer where it may not be changed."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from engine.store.customers import metadata
from engine.store.faults import StoreError, in_plain_words

_FOLDER = Path(__file__).with_name("migrations")

#: Two programs that start at once on a new Postgres database migrate one after the other.
_LOCK = "SELECT pg_advisory_xact_lock(7266431)"


def migrate(engine: sa.Engine) -> None:
    """Makes the tables of a new store, or changes those of an older one, all in one transaction.

    Raises `StoreError` when the store was written by a newer version, is another program's, or cannot be written.
    """
    with in_plain_words(), engine.connect() as connection:
        _check_foreign_keys(connection, on=False)
        try:
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql(_LOCK)
                version = _version(connection)
                _refuse_newer(version)
                if version is None:
                    _refuse_others(connection)
                command.upgrade(_config(connection), "head")
                _refuse_orphans(connection)
        finally:
            _check_foreign_keys(connection, on=True)


def is_empty(engine: sa.Engine) -> bool:
    """Whether the store has no tables of ours; changes nothing."""
    with in_plain_words(), engine.execution_options(reading=True).connect() as connection:
        return _version(connection) is None


def require_current(engine: sa.Engine) -> None:
    """Raises `StoreError` unless the store has exactly the version of the code; changes nothing."""
    with in_plain_words(), engine.execution_options(reading=True).connect() as connection:
        version = _version(connection)
    if version == _head():
        return
    _refuse_newer(version)
    advice = "`regulars run` or `regulars import` makes it so"
    if version is None:
        raise StoreError("the store has no tables yet", advice)
    raise StoreError(f"the store has version {version}, and this program needs {_head()}", advice)


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _head() -> str | None:
    return _scripts().get_current_head()


def _version(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(version: str | None) -> None:
    if version is None:
        return
    try:
        _scripts().get_revision(version)
    except CommandError:
        text = f"the store has version {version}, which is newer than this program"
        raise StoreError(text, "install the newest version of regulars") from None


def _refuse_others(connection: sa.Connection) -> None:
    """A shop's own tables may stand beside ours, but for those of the same name."""
    taken = sorted(set(sa.inspect(connection).get_table_names()) & set(metadata.tables))
    if taken:
        text = f"the database is another program's: it has a table `{taken[0]}`, and none of ours"
        raise StoreError(text, "give the engine a file or a database of its own")


def _check_foreign_keys(connection: sa.Connection, *, on: bool) -> None:
    # SQLite cannot change a table: it is made anew, and with foreign keys on, dropping the old one would take the rows
    # of other tables along. The switch does nothing inside a transaction, so it goes past SQLAlchemy, which begins one.
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        if driver is not None:
            driver.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


def _refuse_orphans(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise StoreError("the change of the tables would leave rows without their customer", "report this as a bug")
