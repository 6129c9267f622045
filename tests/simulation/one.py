"""One seed after the other over one file, which is emptied in between; statements are compiled once.

A file, and not a store in memory: there the engine and the shop would share one connection, which they never do.
"""

import atexit
import shutil
import sqlite3
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import sqlalchemy as sa

from engine.enrol import Entry
from engine.store.connect import connect, create
from tests.simulation.findings import findings
from tests.simulation.lived import Life, Lived


@cache
def _ground() -> tuple[Any, sqlite3.Connection, dict[str, Entry]]:
    folder = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    place = mkdtemp(dir=folder)
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    store = connect(f"sqlite:///{place}/simulated.sqlite")
    sa.event.listen(store, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    create(store)
    empty = sqlite3.connect(":memory:")
    with store.connect() as connection:
        connection.connection.driver_connection.backup(empty)  # type: ignore[union-attr]
    return store, empty, {}


def lived(seed: int) -> Lived:
    """One seed, lived through."""
    store, empty, compiled = _ground()
    with store.connect() as connection:
        empty.backup(connection.connection.driver_connection)  # type: ignore[arg-type]
    return Life(seed, store, compiled)()


def live(seed: int) -> tuple[Counter[str], list[str]]:
    """The totals of one seed, and what is wrong in it."""
    life = lived(seed)
    totals = Counter(seeds=1, crashes=life.crashes, orders=len(life.orders), arrived=len(life.outside.ledger))
    for state, count in _counts(life.rows("SELECT state, count(*) AS n FROM outbox GROUP BY state")):
        totals[f"messages {state}"] = count
    totals["runs"] = life.rows("SELECT count(*) AS n FROM enrolments")[0]["n"]
    return totals, [f"seed {seed}: {found}" for found in findings(life)]


def _counts(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(row["state"], row["n"]) for row in rows]
