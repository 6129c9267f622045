"""One seed lived through: some weeks of a small shop, with faults and crashes, and what is on record afterwards."""

from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.deploy import deploy
from engine.enrol import Entry
from engine.failpoints import FAILPOINTS, Crash, armed
from engine.shop import Shop
from engine.store.ingest import put_consents, put_customers, record_event
from engine.store.ledger import outbox
from engine.tick import Tick
from tests.simulation.outside import Odds, Outside
from tests.simulation.playbooks import workspace

SECRETS = ("a secret of sixteen and more letters",)
DAYS = 9
#: How often something happens in that time.
HAPPENINGS = 6
#: Without faults afterwards, until all is quiet: longer than a wait, the evidence's time and a lease.
QUIET = timedelta(days=2)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "America/Sao_Paulo")
#: Places of the passes; those of commands and of the web are not on this way.
_PASSES = ("deliver.", "enrol.", "listen.", "advance.", "upkeep.", "reap.", "uncertain.")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FINAL = frozenset({"sent", "failed", "suppressed", "expired", "cancelled", "skipped"})


@dataclass(frozen=True)
class Customer:
    """A customer as the simulation knows him."""

    id: str
    zone: ZoneInfo
    birthday: date | None

    @property
    def email(self) -> str:
        """His address."""
        return f"{self.id}@example.com"


@dataclass(frozen=True)
class Order:
    """An order, and when the shop told the engine of it."""

    at: datetime
    who: str
    event: str
    told: datetime


@dataclass
class Lived:
    """What happened, by the simulation's own account, and the store as it was left."""

    seed: int
    begins: datetime
    customers: list[Customer]
    outside: Outside
    store: sa.Engine
    orders: list[Order] = field(default_factory=list)
    answers: list[tuple[int, str, str, bool]] = field(default_factory=list)  # in which order, who, to what, consent
    moved: list[tuple[int, str, ZoneInfo]] = field(default_factory=list)  # in which order, who, where to
    decided: Counter[int] = field(default_factory=Counter)  # messages of which a person has said what became of them
    again: Counter[int] = field(default_factory=Counter)  # and those that were to go once more
    keys: dict[int, str] = field(default_factory=dict)  # under which the messages of erased customers went
    crashes: int = 0
    reopened: list[str] = field(default_factory=list)  # messages that left a state that is final
    now: datetime = _EPOCH  # when it is over

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query; times are whole microseconds since 1970."""
        with self.store.connect() as connection:
            found = connection.execute(sa.text(query)).mappings()
            return [{name: _plain(value) for name, value in row.items()} for row in found]

    def zone(self, who: str, order: int) -> ZoneInfo:
        """Where a customer lives at some point of what happens."""
        zone = next(one.zone for one in self.customers if one.id == who)
        return next((to for when, moved, to in reversed(self.moved) if moved == who and when < order), zone)


class Life:
    """Lives one seed."""

    def __init__(self, seed: int, store: sa.Engine, compiled: dict[str, Entry]) -> None:
        self._chance = chance = Random(seed)
        begins = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(300 * 24 * 60))
        stormy = chance.random()
        odds = Odds(
            deferred=0.1 * stormy, dead=0.02 * stormy, silent=0.1 * stormy, refused=0.05 * stormy, shut=0.02 * stormy,
            crash=0.03 * stormy,
        )  # fmt: skip
        customers = [self._customer(number, begins) for number in range(chance.randint(1, 3))]
        self._lived = Lived(seed, begins, customers, Outside(chance, odds, begins), store)
        self._lived.outside.within = self._leave_within
        self._compiled, self._stormy, self._finals = compiled, stormy, dict[int, str]()
        self._now = begins

    def __call__(self) -> Lived:
        """All of it, until it is quiet."""
        lived = self._lived
        with lived.store.begin() as connection:
            rows = [
                {
                    "id": one.id, "email": one.email, "email_consent": True, "timezone": one.zone.key,
                    "birthday": one.birthday,
                }
                for one in lived.customers
            ]  # fmt: skip
            assert not put_customers(connection, rows, self._now).rejected
        self._start()
        for at in sorted(lived.begins + timedelta(days=DAYS * self._chance.random()) for _ in range(HAPPENINGS)):
            self._until(at)
            self._happen(at)
        self._until(lived.begins + timedelta(days=DAYS))
        lived.outside.odds, self._stormy = Odds(), 0.0
        self._until(self._now + QUIET)
        lived.now = self._now
        return lived

    # --- The shop's side ---------------------------------------------------------------------------------------------

    def _customer(self, number: int, begins: datetime) -> Customer:
        chance = self._chance
        birthday = None
        if chance.random() < 0.5:
            day = begins.date() + timedelta(days=chance.randrange(DAYS))
            birthday = date(1980, day.month, min(day.day, 28))
        return Customer(f"c{number}", ZoneInfo(chance.choice(ZONES)), birthday)

    def _happen(self, at: datetime) -> None:
        chance, lived = self._chance, self._lived
        who = chance.choice(lived.customers)
        if chance.random() < 0.75:
            key = f"order-{len(lived.orders)}"
            lived.orders.append(Order(at, who.id, key, self._now))
            for _ in range(2 if chance.random() < 0.2 else 1):  # the shop says it twice
                with lived.store.begin() as connection:
                    payload = {"order_id": key, "total": 1000}
                    assert not record_event(connection, "order.paid", who.id, at, payload, key, self._now).rejected
        else:
            self._answer(who, given=chance.random() < 0.4)

    def _answer(self, who: Customer, *, given: bool) -> None:
        lived = self._lived
        row = {"customer_id": who.id, "channel": "email", "topic": "*", "given": given, "at": self._now, "how": "form"}
        with lived.store.begin() as connection:
            assert not put_consents(connection, [row], self._now).rejected
        lived.answers.append((next(lived.outside.order), who.id, "*", given))

    def _leave_within(self) -> None:
        """Sometimes a customer leaves while his letter is at the door."""
        if self._chance.random() < 0.05 * self._stormy:
            self._answer(self._chance.choice(self._lived.customers), given=False)

    # --- The engine's side -------------------------------------------------------------------------------------------

    def _start(self) -> None:
        shop, refused = deploy(Shop(self._lived.store, workspace()), self._now)
        assert not refused
        self._tick = Tick(shop, self._lived.outside, SECRETS, compiled=self._compiled)

    def _until(self, instant: datetime) -> None:
        while True:
            self._look()
            following = self._tick.next_at(self._now)
            if following is None or following >= instant:
                break
            late = timedelta(minutes=self._chance.randint(0, self._chance.choice((1, 90, 720))))
            self._move(min(instant, max(following, self._now) + late))
        self._move(instant)
        self._look()

    def _move(self, instant: datetime) -> None:
        self._now = max(self._now, instant)
        self._lived.outside.now = self._now

    def _look(self) -> None:
        """Ticks until nothing is due; a crash ends the engine, and another one begins some time later."""
        for _ in range(30):
            try:
                with self._trap():
                    idle = self._tick(self._now).idle
            except Crash:
                self._lived.crashes += 1
                down = timedelta(minutes=self._chance.choice((1, 5, 15, 60, 600, 1800)))
                self._move(self._now + down)
                self._start()
                continue
            if idle:
                return
            self._compare()
        raise AssertionError(f"seed {self._lived.seed}: at {self._now} there is always something to do")

    def _trap(self) -> AbstractContextManager[None]:
        names = [name for name in FAILPOINTS if name.startswith(_PASSES)]
        if not names or self._chance.random() >= 0.05 * self._stormy:
            return nullcontext()
        return armed(self._chance.choice(names), self._chance.randint(1, 3))

    def _compare(self) -> None:
        """A message in a final state stays in it."""
        with self._lived.store.connect() as connection:
            states = {row.id: row.state for row in connection.execute(sa.select(outbox.c.id, outbox.c.state))}
        for id_, before in self._finals.items():
            if states.get(id_) != before:
                self._lived.reopened.append(f"message {id_} was {before} and is {states.get(id_)}")
        self._finals = {id_: state for id_, state in states.items() if state in FINAL}


def _plain(value: Any) -> Any:
    return round((value - _EPOCH) / timedelta(microseconds=1)) if isinstance(value, datetime) else value


def local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A local time as an instant: after a gap the first that exists, of two the first."""
    found = datetime.combine(day, at, zone)
    real = found.astimezone(UTC).astimezone(zone)
    return found.astimezone(UTC) if real.replace(tzinfo=None) == found.replace(tzinfo=None) else real.astimezone(UTC)
