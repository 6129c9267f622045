"""Runs moved to their end: a voucher and a mail each, against the bare inserts and updates of the same rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from benchmarks.generate import NOW
from benchmarks.ledgers import empty, settle
from benchmarks.measure import Comparison, in_turns, timed
from benchmarks.playbooks import EVERYBODY, workspace
from engine.advance import BATCH, Advance
from engine.enrol import Entry
from engine.shop import Shop
from engine.store.customers import vouchers
from engine.store.ledger import enrolments, outbox
from engine.tick import audience_of
from engine.trigger import Window

Rows = Sequence[Mapping[str, Any]]
_MOVED = ("state", "reason", "step", "due_at", "step_since", "resume_at", "ended_at", "results", "listens")


def measure(store: sa.Engine, where: str) -> Iterator[Comparison]:
    """The pass over runs that just began, and its rows written once more by the driver's `executemany`."""
    shop = Shop(store, workspace(EVERYBODY))
    playbook = shop.workspace.playbooks["everybody"]
    moved = 0
    written: list[tuple[str, list[Sequence[Any]]]] = []

    def enrolled() -> None:
        empty(store)
        window = Window(NOW, NOW, 1, 1)
        Entry(playbook, shop.ground(playbook)).begin(store, window, audience_of(playbook))
        settle(store)

    def engine() -> float:
        nonlocal moved
        enrolled()
        advance = Advance(shop)

        def run() -> None:
            nonlocal moved
            moved = advance(NOW)

        seconds = timed(run)
        written[:] = _written(store)
        return seconds

    def bare() -> float:
        enrolled()
        return timed(lambda: _write(store, written))

    pass_, plain = in_turns(engine, bare)
    empty(store)
    note = f"{moved:,} runs: a message and a voucher planned for each, the run moved; batches of {BATCH:,} in both"
    yield Comparison(f"advance, {where}", pass_, plain, count=moved, note=note)


def _written(store: sa.Engine) -> list[tuple[str, list[Sequence[Any]]]]:
    """What the pass wrote, as statements of the driver with their rows."""
    sqlite = store.dialect.name == "sqlite"
    mark = "?" if sqlite else "%s"

    def stored(table: sa.Table, names: Sequence[str]) -> list[Sequence[Any]]:
        where = " WHERE step IS NOT NULL" if table is enrolments else ""
        # Documents as text, which is how they are sent.
        columns = ", ".join(f"{name}::text" if name == "results" and not sqlite else name for name in names)
        with store.connect().execution_options(reading=True) as connection:
            return [
                tuple(row)
                for row in connection.exec_driver_sql(f"SELECT {columns} FROM {table.name}{where} ORDER BY id")
            ]

    statements = []
    for table in (outbox, vouchers):
        names = [column.name for column in table.c if column.name != "id"]
        text = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))}) ON CONFLICT DO NOTHING"
        statements.append((text, stored(table, names)))
    assigned = ", ".join(f"{name} = {mark}" for name in _MOVED)
    statements.append((f"UPDATE enrolments SET {assigned} WHERE id = {mark}", stored(enrolments, [*_MOVED, "id"])))
    return statements


def _write(store: sa.Engine, written: Sequence[tuple[str, list[Sequence[Any]]]]) -> None:
    pooled = store.raw_connection()
    driver = pooled.driver_connection
    assert driver is not None
    sqlite = store.dialect.name == "sqlite"
    cursor = driver.cursor()
    for start in range(0, len(written[0][1]), BATCH):
        if sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        for text, rows in written:
            cursor.executemany(text, rows[start : start + BATCH])
        driver.commit()
    pooled.close()
