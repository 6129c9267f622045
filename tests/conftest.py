"""Fixtures of all tests: a store on each database, and the instant at which a test happens."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings

import engine.store.bounces
import engine.store.brakes
import engine.store.contents
import engine.store.desk
import engine.store.erasures
import engine.store.goods
import engine.store.ledger
import engine.store.loyalty
import engine.store.sources  # noqa: F401  (each declares its tables)
from engine.store.connect import connect, create
from engine.store.customers import metadata
from engine.store.migrate import migrate
from tests.postgres import database_url, execute, running_postgres

BOTH = ("sqlite", "postgres")

# How long an example takes says nothing on a machine that does other work as well.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def now() -> datetime:
    """Sunday, 1 March 2026, noon UTC."""
    return datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A store with all tables and no rows, once on SQLite (a file) and once on Postgres."""
    yield from _open(request, "filled")


@pytest.fixture(params=BOTH)
def empty_store(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A store without any table, once on SQLite (a file) and once on Postgres."""
    yield from _open(request, "empty")


@pytest.fixture
def sqlite_store(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A store with all tables on SQLite (a file), for what concerns SQLite alone."""
    yield from _opened(request.getfixturevalue("_sqlite_filled"))


@pytest.fixture
def postgres_store(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A store with all tables on Postgres, for what concerns Postgres alone."""
    yield from _opened(request.getfixturevalue("_postgres_filled"))


def _open(request: pytest.FixtureRequest, kind: str) -> Iterator[sa.Engine]:
    yield from _opened(request.getfixturevalue(f"_{request.param}_{kind}"))


def _opened(url: str) -> Iterator[sa.Engine]:
    opened = connect(url)
    if opened.dialect.name == "sqlite":
        sa.event.listen(opened, "connect", _do_not_wait_for_the_disk)
    yield opened
    opened.dispose()


def _do_not_wait_for_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")


# --- SQLite: the file with the tables is made once and copied -----------------------------------------------------


@pytest.fixture(scope="session")
def _sqlite_pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "pattern.db"
    opened = connect(f"sqlite:///{path}")
    create(opened)
    opened.dispose()
    return path


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store as migrations make it, for programs that are started; to be copied."""
    path = tmp_path_factory.mktemp("store") / "migrated.db"
    opened = connect(f"sqlite:///{path}")
    migrate(opened)
    opened.dispose()
    return path


@pytest.fixture
def _sqlite_filled(_sqlite_pattern: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(_sqlite_pattern, tmp_path / 'store.db')}"


@pytest.fixture
def _sqlite_empty(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


# --- Postgres: one server a session (and xdist worker), one database whose tables are emptied after each test -----


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def _postgres_pattern(_postgres: str) -> str:
    url = database_url(_postgres, "regulars")
    execute(_postgres, "CREATE DATABASE regulars")
    opened = connect(url)
    create(opened)
    opened.dispose()
    return url


@pytest.fixture
def _postgres_filled(_postgres_pattern: str) -> Iterator[str]:
    yield _postgres_pattern
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    execute(
        _postgres_pattern,
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}",  # a transaction that a test left open
        f"DO $$ BEGIN {' '.join(map(_emptied, metadata.tables))} END $$",
    )


def _emptied(table: str) -> str:
    # Most tests touch few tables, and TRUNCATE makes new files even for an empty one.
    return f"IF EXISTS (SELECT FROM {table}) THEN TRUNCATE {table} RESTART IDENTITY CASCADE; END IF;"


@pytest.fixture
def _postgres_empty(_postgres: str) -> Iterator[str]:
    execute(_postgres, "CREATE DATABASE empty")
    yield database_url(_postgres, "empty")
    execute(_postgres, "DROP DATABASE empty WITH (FORCE)")
