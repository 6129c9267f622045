"""The launch of a win-back: everybody without an order for 90 days, against the bare INSERT … SELECT of the same rows."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from benchmarks.generate import NOW
from benchmarks.ledgers import bare, empty
from benchmarks.lock import kept_out
from benchmarks.measure import ROUNDS, Comparison, Sample, in_turns, timed
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
    entered = 0

    def launched() -> float:
        nonlocal entered
        entry = Entry(playbook, shop.ground(playbook))
        with store.connect().execution_options(reading=True) as connection:
            position = horizon(connection)
        window = Window(NOW, NOW, position, position)
        seconds = timed(lambda: entry.begin(store, window, audience_of(playbook)))
        entered = _count(store)
        return seconds

    def engine() -> float:
        seconds = launched()
        empty(store)
        return seconds

    def lock() -> float:
        with kept_out(str(store.url.database)) as longest:
            launched()
        empty(store)
        return longest[0]

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
        note = "the longest that another process was kept from the write lock in one more launch a round, against 50 ms"
        longest = Sample([lock() for _ in range(ROUNDS)])
        yield Comparison(f"write lock, {where}", longest, Sample([0.05] * ROUNDS), aim=1, note=note)


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


def _count(store: sa.Engine) -> int:
    with store.connect().execution_options(reading=True) as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(enrolments)).scalar_one()
