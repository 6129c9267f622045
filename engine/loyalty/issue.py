"""Issues vouchers: one code for a step of a run, within the pool, the number and the budget of its kind."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.clocks.times import Length
from engine.settings import Voucher
from engine.store.customers import vouchers
from engine.store.vouchers import counts, has_free_code, lock_kind, mark_taken, of_customers, reserve_codes

#: A step of a run: enrolment, step and iteration. What a person does has none.
Key = tuple[int | None, str | None, int | None]
BY_HAND: Final[Key] = (None, None, None)
_KEY = ("enrolment_id", "step", "iteration")
#: Codes that are reserved at once; one statement for many runs.
_TOGETHER = 200
#: How long a run stands still whose code another transaction may be giving back.
_SOON = Length(1, "minute")
#: And one that waits for vouchers: `engine/upkeep` wakes it when there are any.
_LATER = Length(1, "day")


@dataclass(frozen=True)
class Short:
    """There is no voucher now; there may be one `until` then, or when somebody sees to it (`wanting`)."""

    reason: str
    until: datetime
    wanting: bool = True


@dataclass(frozen=True)
class NoMore:
    """This customer gets no more of them."""

    reason: str


@dataclass
class Issue:
    """The vouchers of one transaction."""

    connection: sa.Connection
    kinds: Mapping[str, Voucher]
    currency: str
    now: datetime
    new_code: Callable[[], str]
    rows: list[Mapping[str, Any]] = field(default_factory=list)  # to be written with the moves
    fresh: dict[str, dict[str, Any]] = field(default_factory=dict)  # the same by their codes
    _codes: list[str] = field(default_factory=list)  # of pools, given away
    _reserved: dict[str, list[str]] = field(default_factory=dict)
    _left: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)  # in number and in money
    _known: dict[Key, dict[str, Any]] = field(default_factory=dict)
    _had: dict[str, dict[str, list[datetime]]] = field(default_factory=dict)

    def prepare(self, kinds: Collection[str], runs: Sequence[Mapping[str, Any]]) -> None:
        """Reads what was issued to those runs already, and to their customers where a kind counts them."""
        ids = {run["id"] for run in runs}
        found = self.connection.execute(sa.select(vouchers).where(vouchers.c.enrolment_id.in_(ids))).mappings()
        self._known.update({tuple(row[name] for name in _KEY): dict(row) for row in found})
        for name in sorted(kinds):
            if name in self.kinds and self.kinds[name].per_customer is not None:
                lock_kind(self.connection, name)  # else two workers give a customer one each
                who = {run["customer_id"] for run in runs}
                self._had.setdefault(name, {}).update(of_customers(self.connection, name, who))

    def __call__(
        self, name: str, customer: str, expires_at: datetime | None, zone: ZoneInfo, key: Key = BY_HAND
    ) -> dict[str, Any] | Short | NoMore:
        """A voucher for a customer; the same one where that step of the run issued it already."""
        if key != BY_HAND and key in self._known:
            return self._known[key]
        kind = self.kinds[name]
        refusal = self._enough(name, kind, customer, zone) or self._spent(name, kind)
        code = self._code(name, kind) if refusal is None else refusal
        if not isinstance(code, str):
            return code
        worth = Voucher.minor(kind.value, self.currency)
        row: dict[str, Any] = {
            **dict(zip(_KEY, key, strict=True)),
            "code": code, "kind": name, "customer_id": customer, "state": "issued",
            "issued_at": self.now, "expires_at": expires_at, "redeemed_at": None,
            "worth": worth, "minimum": Voucher.minor(kind.minimum, self.currency),
        }  # fmt: skip
        self._count(name, customer, worth or 0)
        self._known[key] = row
        self.rows.append(row)
        self.fresh[row["code"]] = row
        return row

    def write(self) -> None:
        """Notes which codes of pools were given away; the vouchers' rows are written with the others of the batch."""
        if self._codes:
            mark_taken(self.connection, self._codes, self.now)

    # --- How many there are ------------------------------------------------------------------------------------------

    def _enough(self, name: str, kind: Voucher, customer: str, zone: ZoneInfo) -> NoMore | None:
        limit = kind.per_customer
        if limit is None:
            return None
        if name not in self._had or customer not in self._had[name]:
            lock_kind(self.connection, name)
            found = of_customers(self.connection, name, [customer]).get(customer, [])
            self._had.setdefault(name, {}).setdefault(customer, found)
        since = limit.per.before(self.now, zone) if limit.per is not None else None
        counted = sum(since is None or at > since for at in self._had[name][customer])
        if counted < limit.count:
            return None
        return NoMore(f"has had {counted} of voucher `{name}`, as many as a customer gets")

    def _spent(self, name: str, kind: Voucher) -> Short | None:
        if kind.at_most is None and kind.budget is None:
            return None
        number, money = self._left_of(name, kind)
        worth = Voucher.minor(kind.value, self.currency) or 0
        if number is not None and number < 1:
            return self._short(
                f"all {kind.at_most} vouchers `{name}` are given; raise `at_most` in settings/vouchers.yaml"
            )
        if money is not None and money < worth:
            budget = f"the budget of voucher `{name}`, {kind.budget} {self.currency}, is used up"
            return self._short(f"{budget}; raise `budget` in settings/vouchers.yaml")
        return None

    def _left_of(self, name: str, kind: Voucher) -> tuple[int | None, int | None]:
        if name not in self._left:
            lock_kind(self.connection, name)
            by_state = counts(self.connection, name)
            given = sum(number for state, (number, _) in by_state.items() if state != "taken_back")
            worth = sum(money for state, (_, money) in by_state.items() if state in ("issued", "redeemed"))
            budget = Voucher.minor(kind.budget, self.currency)
            self._left[name] = (
                None if kind.at_most is None else kind.at_most - given,
                None if budget is None else budget - worth,
            )
        return self._left[name]

    def _count(self, name: str, customer: str, worth: int) -> None:
        if name in self._left:
            number, money = self._left[name]
            self._left[name] = (None if number is None else number - 1, None if money is None else money - worth)
        self._had.setdefault(name, {}).setdefault(customer, []).append(self.now)

    # --- The code ----------------------------------------------------------------------------------------------------

    def _code(self, name: str, kind: Voucher) -> str | Short:
        if kind.pool is None:
            return kind.code.replace("{random}", self.new_code())
        if not self._reserved.get(name):
            self._reserved[name] = reserve_codes(self.connection, name, _TOGETHER, self._codes)
        if self._reserved[name]:
            self._codes.append(self._reserved[name].pop(0))
            return self._codes[-1]
        if self._others_hold(name):
            soon = _SOON.after(self.now, ZoneInfo("UTC"))
            return Short(f"the last codes of voucher `{name}` are being given away", soon, wanting=False)
        return self._short(f"no code of voucher `{name}` is left; import more:  regulars voucher import {name} FILE")

    def _others_hold(self, name: str) -> bool:
        """Whether codes seem free that this transaction cannot lock: those that it gave away itself do not count."""
        self.write()
        return self.connection.dialect.name != "sqlite" and has_free_code(self.connection, name)

    def _short(self, reason: str) -> Short:
        return Short(reason, _LATER.after(self.now, ZoneInfo("UTC")))


def can_issue(connection: sa.Connection, name: str, kind: Voucher, currency: str, now: datetime) -> bool:
    """Whether a voucher of that kind could be issued now."""
    issue = Issue(connection, {name: kind}, currency, now, lambda: "")
    return issue._spent(name, kind) is None and (kind.pool is None or has_free_code(connection, name))
