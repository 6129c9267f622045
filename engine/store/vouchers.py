"""Vouchers in the store: the codes of pools, how many of a kind there are, and what a person does to one of them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.customers import POSITION, customers, vouchers
from engine.store.dialect import insert, next_position
from engine.store.ledger import RUNNING, enrolments
from engine.store.loyalty import FREE, pool_codes, voucher_changes
from engine.store.many import BATCH, among

#: A kind of which one transaction counts and issues at a time; the numbers of advisory locks are shared by a database.
_ISSUING = "SELECT pg_advisory_xact_lock(7266432, hashtext(%(kind)s))"

_OF_POOL: tuple[sa.ColumnElement[bool], ...] = (pool_codes.c.kind == sa.bindparam("kind"), sa.literal_column(FREE))


@dataclass(frozen=True)
class Imported:
    """What came of a file of codes."""

    new: int
    known: int
    elsewhere: int  # codes of another kind, or that a voucher has already


def import_codes(connection: sa.Connection, kind: str, codes: Sequence[str], now: datetime) -> Imported:
    """Puts codes into a pool; one that is known stays as it is."""
    unique = list(dict.fromkeys(codes))
    new = known = elsewhere = 0
    for start in range(0, len(unique), BATCH):
        batch = unique[start : start + BATCH]
        pooled = sa.select(pool_codes.c.code, pool_codes.c.kind).where(among(connection, pool_codes.c.code, batch))
        stored = {code: of for code, of in connection.execute(pooled)}
        issued = set(connection.scalars(sa.select(vouchers.c.code).where(among(connection, vouchers.c.code, batch))))
        fresh = [code for code in batch if code not in stored and code not in issued]
        rows = [{"kind": kind, "code": code, "imported_at": now} for code in fresh]
        if rows:
            statement = insert(connection.dialect.name, pool_codes).on_conflict_do_nothing()
            connection.execute(statement, rows)
        new += len(fresh)
        known += sum(of == kind for of in stored.values())
        elsewhere += sum(code not in stored or stored[code] != kind for code in {*stored, *issued})
    return Imported(new, known + len(codes) - len(unique), elsewhere)


def free_codes(connection: sa.Connection, kind: str) -> int:
    """How many codes of a pool nobody has yet."""
    counted = sa.select(sa.func.count()).select_from(pool_codes).where(*_OF_POOL)
    return int(connection.execute(counted, {"kind": kind}).scalar_one())


def has_free_code(connection: sa.Connection, kind: str) -> bool:
    """Whether a pool has a code that nobody has yet; another transaction may be giving it away just now."""
    any_: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(pool_codes).where(*_OF_POOL).limit(1)
    return connection.execute(any_, {"kind": kind}).first() is not None


def reserve_codes(connection: sa.Connection, kind: str, wanted: int, beside: Collection[str] = ()) -> list[str]:
    """Free codes of a pool, locked for this transaction; another one passes over them. `mark_taken` takes them."""
    statement = (
        sa.select(pool_codes.c.code)
        .where(*_OF_POOL, pool_codes.c.code.not_in(list(beside)))
        .order_by(pool_codes.c.id)
        .limit(wanted)
        .with_for_update(skip_locked=True)
    )
    return list(connection.scalars(statement, {"kind": kind}))


def mark_taken(connection: sa.Connection, codes: Iterable[str], now: datetime) -> None:
    """Those codes of pools are given away, for good."""
    taken = sa.update(pool_codes).where(among(connection, pool_codes.c.code, codes))
    connection.execute(taken.values(taken_at=now))


def lock_kind(connection: sa.Connection, kind: str) -> None:
    """Until the transaction ends nobody else counts this kind and issues one more (SQLite has one writer anyway)."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_ISSUING, {"kind": kind})


def counts(connection: sa.Connection, kind: str) -> dict[str, tuple[int, int]]:
    """The vouchers of a kind by state: how many, and what they are worth together."""
    table = vouchers.c
    worth = sa.func.coalesce(sa.func.sum(table.worth), 0)
    counted = sa.select(table.state, sa.func.count(), worth).where(table.kind == kind).group_by(table.state)
    return {state: (number, int(worth)) for state, number, worth in connection.execute(counted)}


def of_customers(connection: sa.Connection, kind: str, ids: Collection[str]) -> dict[str, list[datetime]]:
    """When those customers got vouchers of a kind; those that were taken back are not counted."""
    table = vouchers.c
    mine = (among(connection, table.customer_id, ids), table.kind == kind, table.state != "taken_back")
    found: dict[str, list[datetime]] = {}
    for customer, at in connection.execute(sa.select(table.customer_id, table.issued_at).where(*mine)):
        found.setdefault(customer, []).append(at)
    return found


# --- What is done to one voucher ------------------------------------------------------------------------------------


def find(connection: sa.Connection, codes: Collection[str], *, locked: bool = False) -> dict[str, dict[str, Any]]:
    """The vouchers of those codes; `locked` until the transaction ends."""
    found = sa.select(vouchers).where(among(connection, vouchers.c.code, codes)).order_by(vouchers.c.code)
    rows = connection.execute(found.with_for_update() if locked else found).mappings()
    return {row["code"]: dict(row) for row in rows}


def cannot_extend(voucher: Mapping[str, Any]) -> str | None:
    """Why a voucher cannot live longer."""
    if voucher["state"] == "redeemed":
        return f"`{voucher['code']}` was redeemed on {voucher['redeemed_at']:%Y-%m-%d}"
    if voucher["state"] == "taken_back":
        return f"`{voucher['code']}` was taken back"
    return f"`{voucher['code']}` never expires" if voucher["expires_at"] is None else None


def cannot_take_back(voucher: Mapping[str, Any]) -> str | None:
    """Why a voucher cannot be taken back."""
    if voucher["state"] == "redeemed":
        return f"`{voucher['code']}` was redeemed on {voucher['redeemed_at']:%Y-%m-%d}"
    if voucher["state"] == "lapsed":
        return f"`{voucher['code']}` has lapsed"
    return f"`{voucher['code']}` was taken back already" if voucher["state"] == "taken_back" else None


def extended(voucher: Mapping[str, Any], longer: Callable[[datetime], datetime], now: datetime) -> datetime:
    """The new end: counted from the present one, or from now where that is over."""
    return longer(max(voucher["expires_at"], now))


def change(
    voucher: Mapping[str, Any], what: str, now: datetime, *, until: datetime | None = None, reason: str | None = None
) -> dict[str, Any]:
    """The row that says what was done to a voucher, by a person."""
    nobody = dict.fromkeys(("enrolment_id", "step", "iteration"))
    of = {"code": voucher["code"], "customer_id": voucher["customer_id"]}
    return {**of, "change": what, "at": now, "until": until, "reason": reason, **nobody}


def write_changes(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes what was done to vouchers, and does it; a step's change happens once."""
    if not rows:
        return
    statement = insert(connection.dialect.name, voucher_changes).on_conflict_do_nothing()
    connection.execute(statement, [dict(row) for row in rows])
    # Spelled out: a list of values cannot stand in a statement that is run for several codes at once.
    alive = sa.or_(vouchers.c.state == "issued", vouchers.c.state == "lapsed")
    open_ = sa.update(vouchers).where(vouchers.c.code == sa.bindparam("its"), alive)
    back = [{"its": row["code"]} for row in rows if row["change"] == "taken_back"]
    longer = [{"its": row["code"], "until": row["until"]} for row in rows if row["change"] == "extended"]
    if back:
        connection.execute(open_.values(state="taken_back"), back)
    if longer:
        until = sa.bindparam("until", type_=vouchers.c.expires_at.type)
        connection.execute(open_.values(state="issued", expires_at=until), longer)


def wake(connection: sa.Connection, customer: str, now: datetime) -> None:
    """Lets the runs of a customer look again, and the audiences: something of his changed."""
    mine: tuple[sa.ColumnElement[bool], ...]
    mine = (sa.literal_column(f"enrolments.{RUNNING}"), enrolments.c.customer_id == customer, enrolments.c.listens)
    connection.execute(sa.update(enrolments).where(*mine, enrolments.c.due_at > now).values(due_at=now))
    concerned = sa.update(customers).where(customers.c.id == customer)
    connection.execute(concerned.values({POSITION: next_position(connection)}))
