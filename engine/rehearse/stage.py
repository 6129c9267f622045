"""The stage of one test: a store in memory with the customers who are given, and what the script makes happen to them."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count

import sqlalchemy as sa

from engine.desk.settle import Answer, Refused, answer, finish, open_questions, open_tasks
from engine.enrol import Entry
from engine.rehearse.goods import RECORDS
from engine.rehearse.purse import put_points
from engine.rehearse.script import Case, Happening, Person
from engine.source.problem import Problem
from engine.store.connect import connect, create
from engine.store.customers import customer_tags, customers, metadata, vouchers
from engine.store.dialect import next_position
from engine.store.ingest import (
    put_customers,
    put_goods_events,
    put_products,
    put_reservations,
    put_subscriptions,
    put_wishes,
    record_event,
)
from engine.store.ingest.written import Rejected, Row, Written, not_of_the_future
from engine.store.ledger import enrolments
from engine.store.vouchers import find, import_codes, wake


def _put_vouchers(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Vouchers that no step of the playbook issued: a person did, or another system."""
    done = Written()
    for index, row in not_of_the_future(enumerate(rows), ("issued_at", "redeemed_at"), now, done):
        code, customer = row["code"], row["customer_id"]
        known = find(connection, [code]).get(code)
        if row["state"] == "redeemed" and row.get("redeemed_at") is None:
            row = {**row, "redeemed_at": now}
        if known is None:
            connection.execute(sa.insert(vouchers).values({"issued_at": now, **row}))
        elif known["customer_id"] != customer:
            done.rejected.append(Rejected(index, "code", f"voucher `{code}` is another customer's"))
        else:
            connection.execute(sa.update(vouchers).where(vouchers.c.code == code).values(dict(row)))
        wake(connection, customer, now)
    return done


#: What can be given beside customers, and how it is written.
_GOODS = {
    "products": put_products,
    "wishes": put_wishes,
    "reservations": put_reservations,
    "subscriptions": put_subscriptions,
    "vouchers": _put_vouchers,
}
_KEPT = {kept.kind: kept for kept in RECORDS.values()}

#: Codes of a pool; a test has fewer customers.
_POOL = 200


class Unplayable(Exception):
    """Something in the script cannot happen as the test has gone so far."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


class Stage:
    """One store in memory, emptied for every test; statements are compiled for it once, not for each test again."""

    def __init__(self) -> None:
        self.compiled: dict[str, Entry] = {}
        self.store = connect("sqlite://")
        create(self.store)
        self._empty = sqlite3.connect(":memory:")
        self._raw.backup(self._empty)

    @property
    def _raw(self) -> sqlite3.Connection:
        with self.store.connect() as connection:
            raw: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
            return raw

    def set_up(self, case: Case, pools: Iterable[str] = ()) -> sa.Engine:
        """The store with the customers of a test, as of its start; the pools of vouchers are full."""
        self._empty.backup(self._raw)
        with self.store.begin() as connection:
            put_customers(connection, [dict(one.row) for one in case.people.values()], case.start)
            for person in case.people.values():
                put_points(connection, person.id, person.row, person.zone, case.start)
            for kind, put in _GOODS.items():
                given = [{**_first(kind), **row} for one, row in case.goods if one == kind]
                for rejected in put(connection, given, case.start).rejected:
                    raise Unplayable(Problem(case.place, "rejected", f"this cannot be given: {rejected.reason}"))
            for name in pools:
                import_codes(
                    connection, name, [f"{name.upper()}-{number:03}" for number in range(1, _POOL)], case.start
                )
        return self.store


def _first(kind: str) -> dict[str, str]:
    """What is true of one of which nothing is said."""
    return {"state": _KEPT[kind].first} if kind in _KEPT else {}


class Codes:
    """Voucher codes that can be foretold: 0000000001, 0000000002 …"""

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self) -> str:
        """The next code."""
        return f"{next(self._numbers):010d}"


def happen(store: sa.Engine, playbook: str, one: Happening, people: Mapping[str, Person], now: datetime) -> None:
    """Makes something happen. Raises `Unplayable` where it cannot."""
    with store.begin() as connection:
        if one.row:
            put_customers(connection, [{"id": one.customer, **one.row}], now)
            put_points(connection, one.customer, one.row, people[one.customer].zone, now)
        if one.untag is not None:
            _untag(connection, one.customer, one.untag)
        if one.said is not None:
            _say(connection, one, now)
        if one.record is not None:
            _refuse(one, _change(connection, one, now))
        if one.event is None:
            return
        if one.about is not None:
            row = {"id": f"event-{one.number + 1}", "name": one.event, "product": one.about, "occurred_at": now}
            _refuse(one, put_goods_events(connection, [{**row, "payload": dict(one.payload)}], now))
            return
        payload = dict(one.payload)
        if one.result is not None:
            key, name = one.result
            payload[key] = _code(connection, playbook, one, name)
        written = record_event(connection, one.event, one.customer, now, payload, f"event-{one.number + 1}", now)
        _refuse(one, written)


def _refuse(one: Happening, written: Written) -> None:
    for rejected in written.rejected:
        raise Unplayable(Problem(one.place, "rejected", f"this cannot happen: {rejected.reason}"))


def _change(connection: sa.Connection, one: Happening, now: datetime) -> Written:
    """What is said of a reservation, subscription or voucher is changed, the rest stays."""
    kind, row = one.record or ("", {})
    if kind not in _KEPT:
        return _GOODS[kind](connection, [row], now)
    table, key = metadata.tables[kind], _KEPT[kind].key
    stored = connection.execute(sa.select(table).where(table.c[key] == row[key])).mappings().first()
    if stored is None and kind == "vouchers" and "kind" not in row:
        help_ = "give it under  given: vouchers:  or say its `kind`, and it is issued then"
        raise Unplayable(Problem(one.place, "no-voucher", f"there is no voucher `{row[key]}` at this moment", (help_,)))
    known = {name: value for name, value in dict(stored or {}).items() if name != "position"}
    return _GOODS[kind](connection, [{**_first(kind), **known, **row}], now)


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


def _say(connection: sa.Connection, one: Happening, now: datetime) -> None:
    """Staff do a task of the customer, or answer a question."""
    assert one.said is not None
    word, name = one.said
    if word == "done":
        found = [task.id for task in open_tasks(connection) if (task.customer_id, task.task) == (one.customer, name)]
        refused = finish(connection, found[0], None, None, now) if found else Refused("")
    else:
        found = [asked.id for asked in open_questions(connection) if asked.question == name]
        yes_or_no: Answer = "approved" if word == "approved" else "refused"
        refused = answer(connection, found[0], yes_or_no, None, now) if found else Refused("")
    if refused is not None:
        kind = "task" if word == "done" else "question"
        raise Unplayable(Problem(one.place, f"no-{kind}", f"there is no open {kind} `{name}` at this moment"))
