"""A store opens with the settings that the promises rest on."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from engine.store.connect import connect, repeatable
from engine.store.customers import suppressions
from engine.store.dialect import horizon


@pytest.mark.parametrize("again", [1, 2])
def test_every_test_begins_with_an_empty_store(store: sa.Engine, now: datetime, again: int) -> None:
    with store.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(suppressions)) == 0
        connection.execute(sa.insert(suppressions), {"channel": "email", "address": "a", "reason": "", "at": now})
        assert horizon(connection) >= 1


def test_an_empty_store_has_no_tables(empty_store: sa.Engine) -> None:
    assert sa.inspect(empty_store).get_table_names() == []


def test_other_databases_are_refused() -> None:
    with pytest.raises(ValueError, match="mysql"):
        connect("mysql://localhost/shop")


def test_only_repeatable_work_does_not_wait_for_the_disk(sqlite_store: sa.Engine) -> None:
    def waits(engine: sa.Engine) -> int:
        with engine.begin() as connection:
            return int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    usual = waits(sqlite_store)
    assert [waits(repeatable(sqlite_store)), waits(repeatable(sqlite_store)), waits(sqlite_store)] == [1, 1, usual]
