"""Redeems vouchers: each once, in time, with an order that is large enough; a refusal says why and what to do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.customers import orders, vouchers
from engine.store.ingest.written import Row
from engine.store.many import among

REDEEMED = "voucher.redeemed"


def code_of(row: Row) -> str | None:
    """The code that an event of a redemption names."""
    code = row["payload"].get("code") or row["payload"].get("voucher")
    return None if code is None else str(code)


def _order_of(row: Row) -> str | None:
    order = row["payload"].get("order_id")
    return None if order is None else str(order)


class Till:
    """Takes vouchers in: those of a batch of events are locked, so that of two tills with one code one wins."""

    def __init__(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        redeeming = [row for row in rows if row["name"] == REDEEMED]
        self._known = _vouchers(connection, [code for row in redeeming if (code := code_of(row))])
        self._totals = _totals(connection, [order for row in redeeming if (order := _order_of(row))])
        self._taken: list[dict[str, Any]] = []

    def refusal(self, row: Row) -> str | None:
        """Why that event cannot be; else its voucher counts as redeemed, for the events after it too."""
        code, at = code_of(row), row["occurred_at"]
        if code is None:
            return f"`{REDEEMED}` needs `code`, the voucher's"
        voucher = self._known.get(code)
        if voucher is None:
            return f"no voucher has the code `{code}`; look at it once more: letters and digits are easily confused"
        order = _order_of(row)
        why = refused(voucher, at) or self._too_small(voucher, order)
        if why is None:
            voucher.update(state="redeemed", redeemed_at=at, order_id=order)
            self._taken.append({"its": code, "moment": at, "with_order": order})
        return why

    def _too_small(self, voucher: Mapping[str, Any], order: str | None) -> str | None:
        total = self._totals.get(order) if order is not None else None
        if voucher["minimum"] is None or total is None or total >= voucher["minimum"]:
            return None
        return f"order `{order}` is smaller than `{voucher['code']}` asks for; take it with a larger one"

    def close(self, connection: sa.Connection) -> None:
        """Writes what was taken in."""
        if self._taken:
            at = sa.bindparam("moment", type_=vouchers.c.redeemed_at.type)
            mine = sa.update(vouchers).where(vouchers.c.code == sa.bindparam("its"))
            values = {"state": "redeemed", "redeemed_at": at, "order_id": sa.bindparam("with_order")}
            connection.execute(mine.values(values), self._taken)


def refused(voucher: Mapping[str, Any], at: datetime) -> str | None:
    """Why a voucher cannot be redeemed at that time. What counts is that time, however late it is told of."""
    code, ends = voucher["code"], voucher["expires_at"]
    if voucher["state"] == "redeemed":
        order = f", with order `{voucher['order_id']}`" if voucher["order_id"] else ""
        return f"`{code}` was redeemed on {voucher['redeemed_at']:%Y-%m-%d %H:%M} UTC{order}; it counts once"
    if voucher["state"] == "taken_back":
        again = f"regulars voucher issue {voucher['kind']} {voucher['customer_id']}"
        return f"`{code}` was taken back; give another one with:  {again}"
    if ends is not None and ends <= at:
        longer = f'regulars voucher extend {code} --by "7 days"'
        return f"`{code}` expired on {ends:%Y-%m-%d %H:%M} UTC; to honour it all the same, first:  {longer}"
    return None


def _vouchers(connection: sa.Connection, codes: Sequence[str]) -> dict[str, dict[str, Any]]:
    if not codes:
        return {}
    found = sa.select(vouchers).where(among(connection, vouchers.c.code, codes)).order_by(vouchers.c.code)
    return {row["code"]: dict(row) for row in connection.execute(found.with_for_update()).mappings()}


def _totals(connection: sa.Connection, ids: Sequence[str]) -> dict[str, int]:
    if not ids:
        return {}
    found = sa.select(orders.c.id, orders.c.total).where(among(connection, orders.c.id, ids))
    return {id_: total for id_, total in connection.execute(found)}
