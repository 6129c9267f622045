"""The launch of a win-back: everybody without an order for 90 days, against the bare INSERT … SELECT of the same rows."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import sqlalchemy as sa

from benchmarks.generate import NOW
from benchmarks.ledgers import bare, empty
from benchmarks.measure import Comparison, Sample, in_turns, timed
from benchmarks.playbooks import WIN_BACK, workspace
from engine.enrol import Entry
from engine.shop import Shop
from engine.store.dialect import horizon
from engine.store.ledger import enrolments
from engine.store.types import to_microseconds
from engine.tick import audience_of
from engine.trigger import Window

#: The rows of a launch: who is inside the audience, and an enrolment of each of them, in the order of their keys.
_MEMBERSHIPS = """
INSERT INTO memberships (playbook, customer_id, inside, entries, exits, changed_at, position)
SELECT 'win-back', id, {true}, 1, 0, {now}, {position}
FROM customers WHERE orders_count >= 1 AND {last_order_at} < {reached} ORDER BY id
"""
_ENROLMENTS = """
INSERT INTO enrolments
    (playbook, customer_id, occasion, revision, state, fired_at, entered_at, due_at, listens, goal_until)
SELECT 'win-back', id, '1', {revision}, 'running', {now}, {now}, {now}, {true}, {goal_until}
FROM customers WHERE orders_count >= 1 AND {last_order_at} < {reached} ORDER BY id
"""


def measure(store: sa.Engine, where: str) -> Iterator[Comparison]:
    """The launch, and on SQLite the longest that it holds the write lock."""
    shop = Shop(store, workspace(WIN_BACK))
    playbook = shop.workspace.playbooks["win-back"]
    statements = _bare_statements(store, playbook.revision)
    holds: list[float] = []
    entered = 0

    def engine() -> float:
        nonlocal entered
        entry = Entry(playbook, shop.ground(playbook))
        with store.connect().execution_options(reading=True) as connection:
            position = horizon(connection)
        window = Window(NOW, NOW, position, position)
        with _timing_transactions(store) as found:
            seconds = timed(lambda: entry.begin(store, window, audience_of(playbook)))
        holds.append(max(found))
        entered = _count(store)
        empty(store)
        return seconds

    def bare_statements() -> float:
        seconds = timed(lambda: bare(store, *statements))
        assert _count(store) == entered
        empty(store)
        return seconds

    empty(store)
    launch, plain = in_turns(engine, bare_statements)
    note = f"{entered:,} customers enter: their memberships and enrolments"
    yield Comparison(f"enrol, {where}", launch, plain, aim=1.25, count=entered, note=note)
    if store.dialect.name == "sqlite":
        limit = Sample([0.05] * len(holds))
        note = "the longest transaction of each round, its commit and checkpoint with it, against 50 ms"
        yield Comparison(f"write lock, {where}", Sample(holds), limit, aim=1, note=note)


def _bare_statements(store: sa.Engine, revision: str) -> list[tuple[str, dict[str, object]]]:
    sqlite = store.dialect.name == "sqlite"

    def instant(value: datetime) -> object:
        return to_microseconds(value) if sqlite else value

    params: dict[str, object] = {
        "now": instant(NOW),
        "reached": instant(NOW - timedelta(days=90)),
        "goal_until": instant(NOW + timedelta(days=30)),
        "revision": revision,
        "position": 501,
    }
    marks = {name: f":{name}" if sqlite else f"%({name})s" for name in params}
    # The unary plus keeps SQLite from the index on the date, by which keys would be inserted at random.
    words = {"true": "1" if sqlite else "TRUE", "last_order_at": "+last_order_at" if sqlite else "last_order_at"}
    return [(text.format(**marks, **words), params) for text in (_MEMBERSHIPS, _ENROLMENTS)]


@contextmanager
def _timing_transactions(store: sa.Engine) -> Iterator[list[float]]:
    """How long each writing transaction lasts, from the lock to the end of the commit."""
    found: list[float] = [0.0]
    began: dict[int, float] = {}

    def begin(connection: sa.Connection) -> None:
        if not connection.get_execution_options().get("reading"):
            began[id(connection.connection.dbapi_connection)] = time.perf_counter()

    def checkin(driver: object, _record: object) -> None:
        if id(driver) in began:
            found.append(time.perf_counter() - began.pop(id(driver)))

    sa.event.listen(store, "begin", begin)
    sa.event.listen(store, "checkin", checkin)
    try:
        yield found
    finally:
        sa.event.remove(store, "begin", begin)
        sa.event.remove(store, "checkin", checkin)


def _count(store: sa.Engine) -> int:
    with store.connect().execution_options(reading=True) as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(enrolments)).scalar_one()
