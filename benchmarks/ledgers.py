"""The engine's own tables between two rounds: empty again, so that every round begins alike."""

import sqlalchemy as sa

from engine.store.customers import customer_tags, vouchers
from engine.store.desk import tasks
from engine.store.ledger import attempts, enrolments, memberships, outbox, progress, revisions

_WRITTEN = (attempts, outbox, enrolments, memberships, progress, revisions, vouchers, tasks, customer_tags)


def empty(store: sa.Engine) -> None:
    """Forgets everything that the engine did in a store, and leaves no log or dead rows behind."""
    with store.begin() as connection:
        if store.dialect.name == "postgresql":
            names = ", ".join(table.name for table in _WRITTEN)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
        else:
            for table in _WRITTEN:
                connection.execute(sa.delete(table))
    settle(store)


def settle(store: sa.Engine) -> None:
    """Writes out what waits to be written, so that no round pays for the one before."""
    pooled = store.raw_connection()
    driver = pooled.driver_connection
    if driver is not None and store.dialect.name == "sqlite":
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    elif driver is not None:
        driver.execute("CHECKPOINT")
        driver.commit()
    pooled.close()


def bare(store: sa.Engine, *statements: tuple[str, dict[str, object]]) -> None:
    """Statements in one transaction by the driver alone, on a connection that is set up as the engine's."""
    pooled = store.raw_connection()
    driver = pooled.driver_connection
    assert driver is not None
    cursor = driver.cursor()
    if store.dialect.name == "sqlite":
        cursor.execute("BEGIN IMMEDIATE")
    for text, params in statements:
        cursor.execute(text, params)
    if store.dialect.name == "sqlite":
        cursor.execute("COMMIT")
    else:
        driver.commit()
    pooled.close()
