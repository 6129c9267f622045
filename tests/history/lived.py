"""Lives through a part of the customers' history with all playbooks, and keeps what the questions afterwards need."""

import gzip
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.demo.ground import empty_store, fill_pools
from engine.demo.history import History, history
from engine.demo.people import COLUMNS, Person
from engine.demo.replay import once_a_day, replay
from engine.demo.telling import Telling
from engine.shop import Shop
from engine.store.ingest import put_customers
from engine.tick import Tick
from engine.workspace import load
from tests.history.doors import World

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
FILE = Path(__file__).with_name("cdnow_master.txt.gz")
PARTS = 2
#: The calendar of the years that are lived through is that of the purchases: 1 January to 30 June of the year after.
NOW = datetime(2027, 7, 1, 22, 30, tzinfo=UTC)
#: On these days the engine looks each hour: clocks are put back in Europe and in America, and forward.
_CLOSELY = (datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 3, 14, tzinfo=UTC))
#: Dollars in a year and a half.
_MUCH = 2_000
#: Every so many ticks the same tick is made twice.
_TWICE = 20

Row = dict[str, Any]


@dataclass
class Lived:
    """What is on record after a history."""

    past: History
    store: sa.Engine
    world: World
    ends: datetime
    tellings: list[Telling]  # with those of customers who reacted
    not_idle: list[str] = field(default_factory=list)  # ticks that did something when made again

    def rows(self, query: str) -> list[Row]:
        """The rows of a query, as the database has them: times are whole microseconds since 1970."""
        with self.store.connect() as connection:
            return [dict(row) for row in connection.execute(sa.text(query)).mappings()]


def instant(microseconds: int) -> datetime:
    """The time that a column holds."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def share_of(environment: Mapping[str, str]) -> int:
    """Which share of the customers takes part: every twentieth, or as HISTORY_SHARE says; `make history` takes all of them."""
    return int(environment.get("HISTORY_SHARE", "20"))


@cache
def _best() -> frozenset[str]:
    """The customers who spent most by far: some playbooks are for them alone, so that they are always among those chosen."""
    spent: Counter[str] = Counter()
    with gzip.open(FILE, "rt", encoding="ascii") as opened:
        for number, _, _, dollars in map(str.split, opened):
            spent[number] += round(float(dollars))
    return frozenset(number for number, dollars in spent.items() if dollars >= _MUCH)


def live(part: int, parts: int = PARTS, share: int = 1, days: int = 600) -> Lived:
    """Lives through the history of one part of the customers; of every `share`-th of them, for so many days."""
    workspace = load(PLAYBOOKS)
    assert workspace.settings is not None and not workspace.errors, [str(one) for one in workspace.errors]

    def chosen(number: str) -> bool:
        # A thousand numbers stay together: colleagues are among them.
        return int(number) // 1000 % parts == part and (int(number) % share == 0 or number in _best())

    past = history(NOW, workspace.settings.zone, FILE, chosen)
    store, world = empty_store(), World(past.begins)
    with store.begin() as connection:
        written = put_customers(connection, [_row(one) for one in past.people.values()], past.begins)
        assert not written.rejected, written.rejected[0]
    fill_pools(store, workspace.vouchers, past.begins)
    tick = Tick(Shop(store, workspace), world.doors(), ["a secret of this test alone"])
    until = min(NOW, past.begins + timedelta(days=days))
    lived = Lived(past, store, world, past.begins, [])

    def moments() -> Iterator[datetime]:
        for at in _moments(past, until):
            world.now = at
            yield at

    for count, moment in enumerate(replay(past, lambda _at: tick, moments())):
        lived.tellings += moment.tellings
        lived.ends = moment.at
        if count % _TWICE == 0:
            before, again = _states(lived), tick(moment.at)
            # Runs that wait for their customer look once more where this tick has changed him; nothing comes of it.
            if again.enrolled or again.delivered.counts or again.faults or _states(lived) != before:
                lived.not_idle.append(f"{moment.at}: {again}")
            if not (third := tick(moment.at)).idle:
                lived.not_idle.append(f"{moment.at}, for the third time: {third}")
    return lived


def _states(lived: Lived) -> list[Row]:
    """How many runs, messages, vouchers, points and tasks there are, by state."""
    tables = (
        ("enrolments", "step"),
        ("outbox", "state"),
        ("vouchers", "state"),
        ("points", "change"),
        ("tasks", "task"),
    )
    queries = (f"SELECT {column}, count(*) AS number FROM {table} GROUP BY 1" for table, column in tables)
    return [row for query in queries for row in lived.rows(query)]


def _moments(past: History, until: datetime) -> list[datetime]:
    closely = (day + timedelta(hours=hour) for day in _CLOSELY for hour in range(24))
    return sorted({*once_a_day(past, until), *(at for at in closely if past.begins < at <= until)})


def _row(person: Person) -> Row:
    """A customer as his shop's own system sends him."""
    row: Row = dict(zip(COLUMNS, astuple(person), strict=True))
    for consent in ("email_consent", "sms_consent"):
        said = row.pop(consent)
        if said:
            row[consent] = False if said == "no" else datetime.fromisoformat(said)
    empty_as_missing = {name: value or None for name, value in row.items() if name != "timezone"}
    return {**row, **empty_as_missing}
