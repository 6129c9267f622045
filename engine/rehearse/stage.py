"""The stage of one test: a store in memory with the customers who are given, and what the script makes happen to them."""

import sqlite3
from datetime import datetime
from itertools import count

import sqlalchemy as sa

from engine.rehearse.script import Case, Happening
from engine.source.problem import Problem
from engine.store.connect import connect, create
from engine.store.customers import customer_tags, customers
from engine.store.dialect import next_position
from engine.store.ingest import put_customers, record_event
from engine.store.ledger import enrolments


class Unplayable(Exception):
    """Something in the script cannot happen as the test has gone so far."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


class Stage:
    """One store in memory, emptied for every test; statements are compiled for it once, not for each test again."""

    def __init__(self) -> None:
        self.store = connect("sqlite://")
        create(self.store)
        self._empty = sqlite3.connect(":memory:")
        self._raw.backup(self._empty)

    @property
    def _raw(self) -> sqlite3.Connection:
        with self.store.connect() as connection:
            raw: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
            return raw

    def set_up(self, case: Case) -> sa.Engine:
        """The store with the customers of a test, as of its start."""
        self._empty.backup(self._raw)
        with self.store.begin() as connection:
            put_customers(connection, [dict(one.row) for one in case.people.values()], case.start)
        return self.store


class Codes:
    """Voucher codes that can be foretold: 0000000001, 0000000002 …"""

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self) -> str:
        """The next code."""
        return f"{next(self._numbers):010d}"


def happen(store: sa.Engine, playbook: str, one: Happening, now: datetime) -> None:
    """Makes something happen. Raises `Unplayable` where it cannot."""
    with store.begin() as connection:
        if one.row:
            put_customers(connection, [{"id": one.customer, **one.row}], now)
        if one.untag is not None:
            _untag(connection, one.customer, one.untag)
        if one.event is None:
            return
        payload = dict(one.payload)
        if one.result is not None:
            key, name = one.result
            payload[key] = _code(connection, playbook, one, name)
        written = record_event(connection, one.event, one.customer, now, payload, f"event-{one.number + 1}", now)
        for rejected in written.rejected:
            raise Unplayable(Problem(one.place, "rejected", f"this cannot happen: {rejected.reason}"))


def _untag(connection: sa.Connection, customer: str, tag: str) -> None:
    mine = (customer_tags.c.customer_id == customer, customer_tags.c.tag == tag)
    connection.execute(sa.delete(customer_tags).where(*mine))
    changed = sa.update(customers).where(customers.c.id == customer)
    connection.execute(changed.values(position=next_position(connection)))


def _code(connection: sa.Connection, playbook: str, one: Happening, name: str) -> str:
    """The code of that result of the customer's latest run that has it."""
    mine = (enrolments.c.playbook == playbook, enrolments.c.customer_id == one.customer)
    runs = connection.scalars(sa.select(enrolments.c.results).where(*mine).order_by(enrolments.c.id.desc()))
    code = next((results[name].get("voucher") for results in runs if results and name in results), None)
    if code is None:
        raise Unplayable(Problem(one.place, "no-result", f"`{one.customer}` has no `{name}` at this moment"))
    return str(code)
