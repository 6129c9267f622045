"""What the runs of one batch share of vouchers and points, and what is done to vouchers that they were given."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.loyalty.issue import Issue, Key
from engine.loyalty.till import Till
from engine.store.brakes import Held, hold_playbook
from engine.store.ledger import RUNNING, enrolments
from engine.store.loyalty import voucher_changes
from engine.store.vouchers import cannot_extend, cannot_take_back, change, extended, find, write_changes

#: What a hold is called that ends by itself once there are vouchers again.
CAUSE = "voucher:"
_KEY = ("enrolment_id", "step", "iteration")


def stand_still(connection: sa.Connection, one: Held) -> int:
    """How many runs stand still for want of the vouchers of this hold."""
    if not one.cause.startswith(CAUSE):
        return 0
    counted = sa.select(sa.func.count()).select_from(enrolments).where(*_standing(one))
    return int(connection.execute(counted).scalar_one())


def go_on(connection: sa.Connection, one: Held, now: datetime) -> None:
    """Lets the runs look again that stand still for want of the vouchers of this hold."""
    if one.cause.startswith(CAUSE):
        connection.execute(sa.update(enrolments).where(*_standing(one)).values(due_at=now))


def _standing(one: Held) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        sa.literal_column(RUNNING),
        enrolments.c.playbook == one.playbook,
        enrolments.c.reason == one.reason,
    )


@dataclass
class Loyalty:
    """Vouchers and points of one transaction."""

    connection: sa.Connection
    issue: Issue
    till: Till
    now: datetime
    _vouchers: dict[str, dict[str, Any]] = field(default_factory=dict)
    _changed: set[Key] = field(default_factory=set)
    _changes: list[dict[str, Any]] = field(default_factory=list)
    _short: dict[tuple[str, str], str] = field(default_factory=dict)  # playbook and kind -> why

    def prepare(self, kinds: Collection[str], verbs: Collection[str], runs: Sequence[Mapping[str, Any]]) -> None:
        """Reads in sets what the steps of a playbook (its `verbs`, and the `kinds` that it issues) will ask for."""
        if kinds:
            self.issue.prepare(kinds, runs)
        if {"points", "undo"} & {*verbs}:
            self.till.prepare({run["customer_id"] for run in runs}, runs)
        if {"extend", "undo"} & {*verbs}:
            kept = [one for run in runs for one in (run["results"] or {}).values()]
            self._vouchers.update(
                find(self.connection, {one["voucher"] for one in kept if "voucher" in one}, locked=True)
            )
            mine = voucher_changes.c.enrolment_id.in_({run["id"] for run in runs})
            done = self.connection.execute(sa.select(*(voucher_changes.c[name] for name in _KEY)).where(mine))
            self._changed |= {(row[0], row[1], row[2]) for row in done}

    def short(self, playbook: str, kind: str, reason: str) -> None:
        """Notes that a playbook waits for vouchers of a kind."""
        self._short[playbook, kind] = reason

    def extend(self, code: str, longer: Callable[[datetime], datetime], key: Key) -> dict[str, Any] | None:
        """Lets a voucher live longer. What changed of it as a result; None where nothing does."""
        voucher = self._voucher(code)
        if voucher is None or key in self._changed:
            return None
        why = cannot_extend(voucher)
        if why is not None:
            self._change(voucher, "refused", key, reason=f"cannot be extended: {why}")
            return None
        until = extended(voucher, longer, self.now)
        self._change(voucher, "extended", key, until=until)
        voucher.update(state="issued", expires_at=until)
        return {"state": "issued", "expires_at": until}

    def take_back(self, code: str, key: Key) -> dict[str, Any] | None:
        """Takes a voucher back. What changed of it as a result; None where nothing does, which is on record."""
        voucher = self._voucher(code)
        if voucher is None or key in self._changed:
            return None
        why = cannot_take_back(voucher)
        if why is not None:
            self._change(voucher, "refused", key, reason=f"cannot be taken back: {why}")
            return None
        self._change(voucher, "taken_back", key)
        voucher.update(state="taken_back")
        return {"state": "taken_back"}

    def write(self) -> None:
        """Writes everything but the rows of new vouchers, which are among the effects of the batch."""
        self.till.write()
        write_changes(self.connection, self._changes)
        self.issue.write()
        for (playbook, kind), reason in self._short.items():
            hold_playbook(self.connection, playbook, "entries", reason, self.now, cause=f"{CAUSE}{kind}")

    def _voucher(self, code: str) -> dict[str, Any] | None:
        if code not in self._vouchers:  # one that this very run was given
            self._vouchers.update(self.issue.fresh)
        return self._vouchers.get(code)

    def _change(self, voucher: Mapping[str, Any], what: str, key: Key, **more: Any) -> None:
        self._changed.add(key)
        self._changes.append({**change(voucher, what, self.now, **more), **dict(zip(_KEY, key, strict=True))})
