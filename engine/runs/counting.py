"""Counters over all runs of a playbook: `at_most: 500 vouchers`, exact however many workers there are."""

from collections.abc import Iterable, Mapping, MutableSequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.settings.change import Quota
from engine.store.customers import vouchers
from engine.store.dialect import insert
from engine.store.ledger import counters, enrolments, outbox
from engine.workspace.playbook import Playbook

#: States of a message that was not said, and does not count.
_UNSAID = ("expired", "skipped", "suppressed", "cancelled")


@dataclass
class Ration:
    """What is left of a quota in this transaction, and what it takes of it."""

    quota: Quota
    left: int
    taken: int = 0

    def take(self, count: int = 1) -> bool:
        """Takes so many; False where that is more than is left, and then none."""
        if count > self.left:
            return False
        self.left, self.taken = self.left - count, self.taken + count
        return True

    def spent_on(self, what: str | None) -> bool:
        """Whether nothing of that is left."""
        return self.quota.what == what and self.left <= 0

    def hand_out(self, messages: MutableSequence[Mapping[str, Any]], since: int) -> None:
        """Counts the messages to customers that a run has planned, from that place on; the rest are left out."""
        for place in range(since, len(messages) if self.quota.what == "messages" else since):
            row = messages[place]
            to_customer = row.get("recipient") is None and row.get("fields") is None
            if row["state"] == "planned" and to_customer and not self.take():
                messages[place] = {**row, "state": "skipped", "reason": self.quota.reached}


def ration(connection: sa.Connection, playbooks: Iterable[Playbook | None]) -> dict[str, Ration]:
    """The rations of those playbooks that have a quota. Until the transaction ends nobody else takes of them."""
    found = {one.id: one.change.at_most for one in playbooks if one is not None and one.change.at_most is not None}
    rations = {}
    for name in sorted(found):  # everybody locks them in the same order
        quota = found[name]
        rations[name] = Ration(quota, quota.count - _counted(connection, name, quota))
    return rations


def record(connection: sa.Connection, rations: Mapping[str, Ration]) -> None:
    """Writes down what was taken, in the transaction that took it."""
    for name, one in rations.items():
        if one.taken:
            mine = (counters.c.playbook == name, counters.c.what == one.quota.what)
            connection.execute(sa.update(counters).where(*mine).values(count=counters.c.count + one.taken))


def counted(connection: sa.Connection) -> dict[tuple[str, str], int]:
    """What every counter stands at, by playbook and what it counts."""
    rows = connection.execute(sa.select(counters.c.playbook, counters.c.what, counters.c.count))
    return {(playbook, what): count for playbook, what, count in rows}


def forget(connection: sa.Connection, playbook: Playbook) -> None:
    """Drops the counters that the playbook no longer keeps: they would be wrong when it wants them again."""
    quota = playbook.change.at_most
    mine = [counters.c.playbook == playbook.id, *([counters.c.what != quota.what] if quota else [])]
    connection.execute(sa.delete(counters).where(*mine))


def _counted(connection: sa.Connection, playbook: str, quota: Quota) -> int:
    mine = (counters.c.playbook == playbook, counters.c.what == quota.what)
    statement = sa.select(counters.c.count).where(*mine).with_for_update()
    found = connection.execute(statement).scalar()
    if found is None:  # a playbook that got its quota later counts what there was before
        values = {"playbook": playbook, "what": quota.what, "count": _before(playbook, quota)}
        connection.execute(insert(connection.dialect.name, counters).values(values).on_conflict_do_nothing())
        found = connection.execute(statement).scalar_one()
    return int(found)


def _before(playbook: str, quota: Quota) -> sa.ScalarSelect[int]:
    count = sa.select(sa.func.count())
    if quota.what == "vouchers":
        issued = vouchers.join(enrolments, enrolments.c.id == vouchers.c.enrolment_id)
        return count.select_from(issued).where(enrolments.c.playbook == playbook).scalar_subquery()
    if quota.what == "entries":
        entered = (enrolments.c.playbook == playbook, enrolments.c.state.not_in(["refused", "collected"]))
        return count.select_from(enrolments).where(*entered).scalar_subquery()
    said = (outbox.c.playbook == playbook, outbox.c.state.not_in(_UNSAID))
    return count.select_from(outbox).where(*said).scalar_subquery()
