"""Overwrites what erased rows left behind in a SQLite file: in pages that are free, and in the write-ahead log."""

import sqlite3
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.failpoints import reach
from engine.store.erasures import erasures
from engine.store.faults import in_plain_words


def sweep(store: sa.Engine, now: datetime) -> bool:
    """Rewrites the file without free space, and empties the log. False where another program was reading it just then.

    A page that was split keeps a copy of the rows that moved on, which no setting of SQLite overwrites; so the whole
    file is written anew, once after each erase. A program that is killed meanwhile leaves the file as it was, and the
    next sweep does all of it. Postgres does the like by itself (autovacuum).
    """
    if store.dialect.name == "sqlite" and not _rewritten(store):
        return False
    with store.begin() as connection:
        connection.execute(sa.update(erasures).where(erasures.c.swept_at.is_(None)).values(swept_at=now))
    return True


def _rewritten(store: sa.Engine) -> bool:
    # Past SQLAlchemy, which begins a transaction: none of these statements may stand in one.
    connection = store.raw_connection()
    try:
        reach("erase.sweeping")
        return _overwritten(connection.driver_connection)
    finally:
        connection.invalidate()  # with its changed setting


def _overwritten(driver: Any) -> bool:
    try:
        driver.execute("PRAGMA temp_store=FILE")  # the file may be larger than the memory
        driver.execute("VACUUM")
        busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as fault:
        if fault.sqlite_errorname.startswith("SQLITE_BUSY"):
            return False
        with in_plain_words():
            raise sa.exc.OperationalError("VACUUM", {}, fault) from fault
    return not busy
