"""What a person does with vouchers and points at the counter: issue, redeem, extend, take back, grant, spend, look."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.clocks.times import Length
from engine.loyalty import Issue, NoMore, Short, Till
from engine.loyalty.codes import random_code
from engine.shop import Shop
from engine.source.near import suggest
from engine.store.customers import customers, vouchers
from engine.store.ingest import record_event
from engine.store.ingest.redemptions import REDEEMED, refused
from engine.store.loyalty import points
from engine.store.vouchers import (
    Imported,
    cannot_extend,
    cannot_take_back,
    change,
    counts,
    extended,
    find,
    free_codes,
    import_codes,
    wake,
    write_changes,
)

#: The title of the column that holds the codes, in a file that has one.
_TITLES = ("code", "codes", "voucher")


class Refusal(Exception):
    """It cannot be done; the text says why and what to do."""


@dataclass(frozen=True)
class Counter:
    """One shop's counter."""

    shop: Shop
    now: datetime
    new_code: Callable[[], str] = random_code

    def issue(self, connection: sa.Connection, kind: str, customer: str, expires: Length | None) -> Mapping[str, Any]:
        """A voucher for a customer, within the limits of its kind."""
        self._kind(kind)
        zone = self.shop.settings.zone
        issue = Issue(connection, self.shop.vouchers, self.shop.settings.currency, self.now, self.new_code)
        found = issue(kind, customer, expires.after(self.now, zone) if expires is not None else None, zone)
        if isinstance(found, (NoMore, Short)):
            raise Refusal(f"customer `{customer}` {found.reason}" if isinstance(found, NoMore) else found.reason)
        issue.write()
        connection.execute(sa.insert(vouchers).values(found))
        wake(connection, customer, self.now)
        return found

    def redeem(self, connection: sa.Connection, code: str, order: str | None) -> str:
        """Redeems a voucher now; once more with the same order changes nothing."""
        # Unlocked: an event locks its customer first and then the voucher, and is judged anew under these locks.
        voucher = self._voucher(connection, code, locked=False)
        if voucher["state"] == "redeemed" and order is not None and voucher["order_id"] == order:
            return f"`{code}` was redeemed with order `{order}` already; nothing changes"
        why = refused(voucher, self.now)
        if why is not None:
            raise Refusal(why)
        customer = voucher["customer_id"]
        known = connection.scalar(sa.select(customers.c.id).where(customers.c.id == customer))
        if known is None:  # he lives in a table of the shop's own, whose events are its own too
            why = refused(self._voucher(connection, code), self.now)
            if why is not None:
                raise Refusal(why)
            mine = sa.update(vouchers).where(vouchers.c.code == code)
            connection.execute(mine.values(state="redeemed", redeemed_at=self.now, order_id=order))
            wake(connection, customer, self.now)
        else:
            payload = {"code": code, **({"order_id": order} if order is not None else {})}
            key = f"redeemed:{code}:{order or self.now.isoformat()}"
            for rejected in record_event(connection, REDEEMED, customer, self.now, payload, key, self.now).rejected:
                raise Refusal(rejected.reason)
        return f"`{code}` is redeemed: {self._worth(voucher['kind'])}, customer `{customer}`"

    def extend(self, connection: sa.Connection, code: str, by: Length) -> str:
        """Lets a voucher live longer; a lapsed one lives again, from now."""
        voucher = self._voucher(connection, code)
        why = cannot_extend(voucher)
        if why is not None:
            raise Refusal(f"{why}; it cannot be extended")
        until = extended(voucher, lambda end: by.after(end, self.shop.settings.zone), self.now)
        write_changes(connection, [change(voucher, "extended", self.now, until=until)])
        wake(connection, voucher["customer_id"], self.now)
        return f"`{code}` can be redeemed until {until.astimezone(self.shop.settings.zone):%Y-%m-%d %H:%M}"

    def take_back(self, connection: sa.Connection, code: str, reason: str | None) -> str:
        """Takes a voucher back that is not redeemed."""
        voucher = self._voucher(connection, code)
        why = cannot_take_back(voucher)
        if why is not None:
            raise Refusal(f"{why}; there is nothing to take back")
        write_changes(connection, [change(voucher, "taken_back", self.now, reason=reason)])
        wake(connection, voucher["customer_id"], self.now)
        return f"`{code}` is taken back; it cannot be redeemed any more"

    def import_codes(self, connection: sa.Connection, kind: str, lines: Iterable[str]) -> Imported:
        """Puts the codes of a file into the pool of a kind: the first column, or the one called `code`."""
        if self._kind(kind).pool is None:
            raise Refusal(f"voucher `{kind}` has no pool; add  pool: imported  to it in settings/vouchers.yaml")
        return import_codes(connection, kind, codes_of(lines), self.now)

    def stock(self, connection: sa.Connection) -> Iterator[tuple[str, ...]]:
        """The kinds in numbers."""
        yield "voucher", "issued", "redeemed", "lapsed", "taken back", "codes left", "at most"
        for name, kind in self.shop.vouchers.items():
            by_state = counts(connection, name)
            numbers = [by_state.get(state, (0, 0))[0] for state in ("issued", "redeemed", "lapsed", "taken_back")]
            left = str(free_codes(connection, name)) if kind.pool is not None else ""
            yield name, *map(str, numbers), left, str(kind.at_most or "")

    # --- Points ------------------------------------------------------------------------------------------------------

    def grant(self, connection: sa.Connection, customer: str, amount: int, reason: str, expires: Length | None) -> int:
        """Gives points. The new balance."""
        zone, till = self.shop.settings.zone, Till(connection, self.now)
        till.prepare([customer])
        till.grant(customer, amount, reason, expires.after(self.now, zone) if expires is not None else None, zone)
        till.write()
        return till.balance(customer)

    def spend(self, connection: sa.Connection, customer: str, amount: int, reason: str) -> int:
        """Takes points that the customer spends. The new balance."""
        till = Till(connection, self.now)
        till.prepare([customer])
        if till.spend(customer, amount, reason) is None:
            raise Refusal(f"`{customer}` has {till.balance(customer)} points; {amount} cannot be spent")
        till.write()
        return till.balance(customer)

    def ledger(self, connection: sa.Connection, customer: str) -> list[Mapping[str, Any]]:
        """Every entry of a customer, the first one first, each with the balance after it."""
        rows = sa.select(points).where(points.c.customer_id == customer).order_by(points.c.id)
        balance = 0
        found: list[Mapping[str, Any]] = []
        for row in connection.execute(rows).mappings():
            balance += row["amount"]
            found.append({**row, "balance": balance})
        return found

    def _kind(self, name: str) -> Any:
        kinds = self.shop.vouchers
        if name not in kinds:
            hints = suggest(name, kinds, "there are")
            raise Refusal("\n".join([f"there is no voucher `{name}` in settings/vouchers.yaml", *hints]))
        return kinds[name]

    def _voucher(self, connection: sa.Connection, code: str, *, locked: bool = True) -> dict[str, Any]:
        voucher = find(connection, [code], locked=locked).get(code)
        if voucher is None:
            pooled = "letters and digits are easily confused"
            raise Refusal(f"no voucher has the code `{code}`; look at it once more: {pooled}")
        return voucher

    def _worth(self, kind: str) -> str:
        declared = self.shop.vouchers.get(kind)
        return declared.title if declared is not None else kind


def codes_of(lines: Iterable[str]) -> list[str]:
    """The codes of a file: the column called `code`, or the first one."""
    rows = [row for row in csv.reader(lines) if any(cell.strip() for cell in row)]
    if not rows:
        return []
    head = [cell.strip().lower().lstrip("\ufeff") for cell in rows[0]]
    titled = next((number for number, cell in enumerate(head) if cell in _TITLES), None)
    body, column = (rows, 0) if titled is None else (rows[1:], titled)
    return [row[column].strip().lstrip("\ufeff") for row in body if len(row) > column and row[column].strip()]
