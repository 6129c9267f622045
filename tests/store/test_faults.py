"""Faults of the disk and of others' locks are told in plain words, and leave no half of anything."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.store.connect import connect
from engine.store.faults import StoreError, in_plain_words
from engine.store.ingest import put_customers
from engine.store.migrate import migrate, require_current
from tests.postgres import execute
from tests.store.rows import everything


def put_many(store: sa.Engine, now: datetime, count: int = 1) -> None:
    rows = [{"id": f"c{n}", "first_name": "x" * 500} for n in range(count)]
    with in_plain_words(), store.begin() as connection:
        put_customers(connection, rows, now)


def on_connect(store: sa.Engine, pragma: str) -> sa.Engine:
    store.dispose()
    sa.event.listen(store, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))
    return store


def test_a_full_disk(sqlite_store: sa.Engine, now: datetime) -> None:
    put_many(sqlite_store, now)
    before = everything(sqlite_store)
    with sqlite_store.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    with pytest.raises(StoreError, match=r"disk is full.*make room"):
        put_many(on_connect(sqlite_store, f"max_page_count={pages + 20}"), now, 1000)
    assert everything(sqlite_store) == before


def test_a_locked_store(sqlite_store: sa.Engine, now: datetime) -> None:
    other = connect(str(sqlite_store.url))
    with other.begin(), pytest.raises(StoreError, match="locked by another program"):
        put_many(on_connect(sqlite_store, "busy_timeout=10"), now)
    put_many(sqlite_store, now)
    other.dispose()


def test_a_store_that_cannot_be_written(sqlite_store: sa.Engine, now: datetime) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        put_many(on_connect(sqlite_store, "query_only=ON"), now)


@pytest.mark.parametrize("do", [migrate, require_current])
def test_a_folder_that_does_not_exist(tmp_path: Path, do: Callable[[sa.Engine], Any]) -> None:
    with pytest.raises(StoreError, match="folder exists"):
        do(connect(f"sqlite:///{tmp_path}/nowhere/store.db"))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("id,email\n" * 500)
    with pytest.raises(StoreError, match="no SQLite database"):
        migrate(connect(f"sqlite:///{path}"))


def test_a_postgres_that_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not answer"):
        migrate(connect(f"postgresql:///shop?host={tmp_path}"))


def test_a_postgres_without_the_database(postgres_store: sa.Engine) -> None:
    with pytest.raises(StoreError, match=r"does not exist.*createdb"):
        migrate(connect(str(postgres_store.url).replace("/regulars", "/nothing")))


def test_a_postgres_that_may_only_be_read(postgres_store: sa.Engine, now: datetime) -> None:
    with pytest.raises(StoreError, match="read-only"), in_plain_words(), postgres_store.begin() as connection:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        put_customers(connection, [{"id": "mei"}], now)


def test_a_connection_that_breaks(postgres_store: sa.Engine, now: datetime) -> None:
    url = str(postgres_store.url).replace("postgresql+psycopg", "postgresql")
    with pytest.raises(StoreError, match="does not answer"), in_plain_words(), postgres_store.begin() as connection:
        put_customers(connection, [{"id": "mei"}], now)
        execute(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'")
        put_customers(connection, [{"id": "ana"}], now)
    assert everything(postgres_store)["customers"] == []


def test_other_errors_are_bugs_and_stay_as_they_are(store: sa.Engine) -> None:
    with pytest.raises(sa.exc.DBAPIError), in_plain_words(), store.connect() as connection:
        connection.exec_driver_sql("SELECT nonsense FROM nowhere")
