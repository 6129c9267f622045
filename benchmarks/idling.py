"""A tick with nothing due: a large store against a small one, and against bare SELECTs that find nothing."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from statistics import median

import sqlalchemy as sa

from benchmarks.generate import NOW, Size
from benchmarks.ledgers import empty
from benchmarks.measure import Comparison, Subject, in_turns, timed
from benchmarks.playbooks import mixed, workspace
from engine.channels import Record
from engine.shop import Shop
from engine.store.types import to_microseconds
from engine.tick import Tick, Ticked

PLAYBOOKS = 100
#: Ticks in a round, a second apart; the round counts as their median.
TICKS = 20

_QUESTIONS = (
    ("SELECT 1 FROM customers WHERE last_order_at > {a} AND last_order_at <= {b} LIMIT 1", True),
    ("SELECT 1 FROM orders WHERE position > {a} AND position <= {b} LIMIT 1", False),
    ("SELECT 1 FROM events WHERE name = 'cart.updated' AND position > {a} AND position <= {b} LIMIT 1", False),
    ("SELECT 1 FROM customers WHERE position > {a} AND position <= {b} LIMIT 1", False),
)


def measure(large: sa.Engine, small: sa.Engine, sizes: tuple[Size, Size], where: str) -> Iterator[Comparison]:
    """Ticks in turns on both stores, a hundred playbooks of all kinds launched on each."""
    ticks = [_launched(store) for store in (large, small)]
    big, little, selects = in_turns(*(_quiet(tick) for tick in ticks), _bare(large))
    note = f"{PLAYBOOKS} playbooks of all kinds of triggers"
    sized = f"{sizes[0].name} against {sizes[1].name} customers"
    yield Comparison(f"idle tick, {where}, {sized}", big, little, aim=1.2, note=note)
    note = f"against {PLAYBOOKS} bare SELECTs of an empty range, in one transaction"
    yield Comparison(f"idle tick, {where}, {sizes[0].name}", big, selects, aim=15, note=note)
    for store in (large, small):
        empty(store)


def _launched(store: sa.Engine) -> Tick:
    empty(store)
    tick = Tick(Shop(store, workspace(*mixed(PLAYBOOKS))), Record(), ["a secret of the benchmark"])
    tick(NOW)
    tick(NOW + timedelta(seconds=1))
    return tick


def _quiet(tick: Tick) -> Subject:
    """Ticks one second apart from round to round; the shop sleeps, so nothing ever is due."""
    seconds = count(2)

    def run() -> float:
        took = []
        for _ in range(TICKS):
            now = NOW + timedelta(seconds=next(seconds))
            reports: list[Ticked] = []
            took.append(timed(lambda now=now, reports=reports: reports.append(tick(now))))
            assert reports[0].idle, "something was due"
        return median(took)

    return run


def _bare(store: sa.Engine) -> Subject:
    sqlite = store.dialect.name == "sqlite"
    marks = {"a": "?", "b": "?"} if sqlite else {"a": "%s", "b": "%s"}
    questions = [(text.format(**marks), by_time) for text, by_time in _QUESTIONS]
    night = NOW - timedelta(days=90)
    ends = (night, night + timedelta(seconds=1))
    times = tuple(to_microseconds(end) for end in ends) if sqlite else ends
    asked = [questions[number % len(questions)] for number in range(PLAYBOOKS)]

    def ticks() -> float:
        pooled = store.raw_connection()
        assert pooled.driver_connection is not None
        cursor = pooled.driver_connection.cursor()

        def ask() -> None:
            cursor.execute("BEGIN")
            for text, by_time in asked:
                found = cursor.execute(text, times if by_time else (10**12, 10**12 + 1)).fetchone()
                assert found is None
            cursor.execute("COMMIT")

        took = [timed(ask) for _ in range(TICKS)]
        pooled.close()
        return median(took)

    return ticks
