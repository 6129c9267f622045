"""A migrated store is the store that the code declares, on both databases; older and newer ones are told apart."""

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from engine.store import migrations
from engine.store.connect import create
from engine.store.customers import metadata
from engine.store.faults import StoreError
from engine.store.migrate import migrate, require_current

_POSTGRES_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
           pg_get_expr(d.adbin, d.adrelid), l.collname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
"""
_POSTGRES_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
"""


def _shape(store: sa.Engine) -> set[tuple[Any, ...]]:
    """Everything that the database itself knows of the tables, in its own words."""
    with store.connect() as connection:
        if connection.dialect.name == "postgresql":
            queries = [
                _POSTGRES_COLUMNS,
                _POSTGRES_CONSTRAINTS,
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
            ]
            rows = {tuple(row) for query in queries for row in connection.exec_driver_sql(query)}
            return {row for row in rows if "alembic_version" not in str(row)}
        tables = [name for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        queries = [
            f"SELECT '{one}', name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('{one}')" for one in tables
        ]
        queries += [
            f'SELECT \'{one}\', "from", "table", "to", on_delete FROM pragma_foreign_key_list(\'{one}\')'
            for one in tables
        ]
        queries += [f"SELECT '{one}', wr FROM pragma_table_list('{one}')" for one in tables]
        queries += ["SELECT name, sql FROM sqlite_master WHERE type = 'index'"]
        rows = {tuple(row) for query in queries for row in connection.exec_driver_sql(query)}
        return {row for row in rows if "alembic_version" not in str(row) and "positions" not in str(row)}


@pytest.fixture
def migrated(empty_store: sa.Engine) -> sa.Engine:
    migrate(empty_store)
    return empty_store


def test_a_migrated_store_has_the_tables_that_the_code_declares(migrated: sa.Engine) -> None:
    with migrated.connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLite's expression indexes are not reflected; see _shape
        context = MigrationContext.configure(
            connection, opts={"include_object": lambda _, name, *__: name != "positions"}
        )
        assert compare_metadata(context, metadata) == []


def test_a_migrated_store_is_the_same_as_one_created_at_once(migrated: sa.Engine) -> None:
    found = _shape(migrated)
    with migrated.begin() as connection:
        metadata.drop_all(connection)
    create(migrated)
    assert found == _shape(migrated)


def test_migrating_again_changes_nothing(migrated: sa.Engine) -> None:
    before = _shape(migrated)
    migrate(migrated)
    require_current(migrated)
    assert _shape(migrated) == before


def test_a_new_store_counts_its_transactions(migrated: sa.Engine) -> None:
    if migrated.dialect.name == "sqlite":
        with migrated.connect() as connection:
            assert connection.exec_driver_sql("SELECT id, value FROM positions").all() == [(1, 1)]
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_store_without_tables_is_refused(empty_store: sa.Engine) -> None:
    with pytest.raises(StoreError, match="no tables yet"):
        require_current(empty_store)


@pytest.mark.parametrize(("version", "text"), [("0001", "version 0001"), ("9999", "newer than this program")])
def test_a_store_of_another_version_is_refused(migrated: sa.Engine, version: str, text: str) -> None:
    _set_version(migrated, version)
    with pytest.raises(StoreError, match=text):
        require_current(migrated)


def test_another_programs_database_is_left_as_it_was(empty_store: sa.Engine) -> None:
    with empty_store.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE pages (id INTEGER)")
        connection.exec_driver_sql("CREATE TABLE customers (id INTEGER)")
    with pytest.raises(StoreError, match=r"another program's: it has a table `customers`.*of its own"):
        migrate(empty_store)
    assert sorted(sa.inspect(empty_store).get_table_names()) == ["customers", "pages"]


def test_a_shops_own_tables_may_stand_beside_ours(empty_store: sa.Engine) -> None:
    with empty_store.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE pages (id INTEGER)")
    migrate(empty_store)
    assert {"pages", "outbox"} <= set(sa.inspect(empty_store).get_table_names())


def test_a_newer_store_is_not_migrated(migrated: sa.Engine) -> None:
    _set_version(migrated, "9999")
    with pytest.raises(StoreError, match="newer"):
        migrate(migrated)


def test_a_migration_that_fails_leaves_the_store_as_it_was(empty_store: sa.Engine) -> None:
    with empty_store.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE pages (x INTEGER)")
        connection.exec_driver_sql("CREATE INDEX ix_outbox_due ON pages (x)")  # in the way of the second revision
    with pytest.raises(sa.exc.DBAPIError, match="ix_outbox_due"):
        migrate(empty_store)
    assert sa.inspect(empty_store).get_table_names() == ["pages"]


def _set_version(store: sa.Engine, version: str) -> None:
    with store.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")


def test_the_revisions_are_one_chain_without_a_gap() -> None:
    folder = Path(migrations.__file__).parent / "versions"
    written = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("0*.py"))]
    assert [re.findall(r'^(?:down_)?revision = (?:"(\d+)"|None)$', text, re.M) for text in written] == [
        [f"{number:04}", f"{number - 1:04}" if number > 1 else ""] for number in range(1, len(written) + 1)
    ]
