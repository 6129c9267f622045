"""Why a customer got something, or nothing: the record first, then condition by condition with the customer's values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from engine.answers.chances import Chances
from engine.answers.evidence import answers, shown
from engine.answers.timely import Timely
from engine.answers.whereabouts import told_of, whereabouts
from engine.answers.whom import find_customer
from engine.catalogue import Field
from engine.conditions import Tree, explain, within
from engine.facts import Record
from engine.guards import against
from engine.outgoing.sight import Sight
from engine.progress import read_progress
from engine.runs.counting import counted
from engine.sends import Sends
from engine.shop import Shop
from engine.store.brakes import EVERYTHING, held
from engine.store.customers import vouchers
from engine.store.desk import tasks
from engine.store.ledger import enrolments, memberships, outbox
from engine.workspace.playbook import Playbook

#: Runs and events that are told, the latest first.
_TOLD = 5


@dataclass(frozen=True)
class Line:
    """One line of an answer. `holds` is None for a fact that is neither a yes nor a no."""

    text: str
    holds: bool | None = None
    value: str = ""
    depth: int = 0


@dataclass(frozen=True)
class Why:
    """Answers for one playbook of one shop."""

    shop: Shop
    playbook: Playbook

    def __call__(self, connection: sa.Connection, customer: str, now: datetime) -> list[Line]:
        """The answer. Raises `UnknownCustomer`."""
        customer_id = find_customer(self.shop, connection, customer)
        record = self._record(connection, customer_id, now)
        conditions = [*self._explained("if", self.playbook.condition, record, now)]
        sound = all(line.holds is not False for line in conditions)
        timely = Timely.of(connection, self.shop, self.playbook, customer_id, now, sound=sound)
        return [
            *self._standing(connection),
            *self._runs(connection, customer_id),
            *self._trigger(connection, customer_id, record, timely),
            *conditions,
            *self._entry(connection, customer_id, now),
            *self._contact(connection, customer_id, now),
        ]

    # --- The customer -------------------------------------------------------------------------------------------------

    def _record(self, connection: sa.Connection, customer_id: str, now: datetime) -> dict[str, Mapping[str, Any]]:
        segments = self.shop.segments
        trees = [self.playbook.condition, self.playbook.trigger.audience, getattr(self.playbook.trigger, "where", None)]
        wanted: set[Field] = set()
        for tree in trees:
            for node in within(tree, segments) if tree is not None else ():
                wanted |= {one.field for one in node.mentions if one.scope == "customer"}
        named = self.shop.catalogue.fields
        wanted |= {named[name] for name in ("email", "country", *_dates(self.playbook)) if name in named}
        return {"customer": self.shop.facts.customers(connection, [customer_id], wanted, now)[customer_id]}

    # --- What is on record --------------------------------------------------------------------------------------------

    def _standing(self, connection: sa.Connection) -> Iterable[Line]:
        stored = read_progress(connection).get(self.playbook.id)
        if self.playbook.status != "active":
            yield Line(f"the playbook is {self.playbook.status}: nobody enters", holds=False)
        if stored is None:
            yield Line("the playbook was never started on this store (`regulars run` starts it)", holds=False)
        for one in held(connection):
            if one.playbook in (self.playbook.id, EVERYTHING):
                yield Line(f"held since {self._time(one.since)}; type  {one.release}", holds=False, value=one.reason)
        if stored is not None:
            yield Line(f"the playbook was evaluated up to {self._time(stored.since)}", holds=True)
        quota = self.playbook.change.at_most
        if quota is not None:
            count = counted(connection).get((self.playbook.id, quota.what), 0)
            yield Line(f"at most {quota}", holds=count < quota.count, value=f"{count} until now")

    def _runs(self, connection: sa.Connection, customer_id: str) -> Iterable[Line]:
        mine = (enrolments.c.playbook == self.playbook.id, enrolments.c.customer_id == customer_id)
        rows = (
            connection.execute(sa.select(enrolments).where(*mine).order_by(enrolments.c.id.desc()).limit(_TOLD))
            .mappings()
            .all()
        )
        if not rows:
            yield Line("never entered", holds=False)
        for text in told_of(connection, self.playbook, customer_id):
            yield Line(text)
        for row in rows:
            state = str(row["state"]).replace("_", " ")
            reason = f": {row['reason']}" if row["reason"] not in (None, row["state"]) else ""
            yield Line(
                f"{self._time(row['entered_at'])}  occasion {row['occasion']}: {state}{reason}",
                holds=row["state"] != "refused",
            )
            for text in whereabouts(connection, self.playbook, dict(row), self._time):
                yield Line(text, depth=1)
            if row["converted_at"] is not None:
                yield Line(f"{self._time(row['converted_at'])}  reached the goal", depth=1)
            yield from self._effects(connection, row["id"])

    def _effects(self, connection: sa.Connection, run: int) -> Iterable[Line]:
        found: list[tuple[datetime, Line]] = []
        for row in connection.execute(sa.select(vouchers).where(vouchers.c.enrolment_id == run)).mappings():
            text = f"{self._time(row['issued_at'])}  voucher {row['kind']} {row['code']}: {row['state']}"
            found.append((row["issued_at"], Line(text, depth=1)))
        for row in connection.execute(sa.select(tasks).where(tasks.c.enrolment_id == run)).mappings():
            text = f"{self._time(row['created_at'])}  task {row['task']} for {row['assignee'] or 'anybody'}"
            found.append((row["created_at"], Line(text, depth=1)))
        for row in connection.execute(
            sa.select(outbox).where(outbox.c.enrolment_id == run).order_by(outbox.c.id)
        ).mappings():
            at = row["sent_at"] or row["due_at"]
            reason = f" ({row['reason']})" if row["reason"] else ""
            again = f", since nobody opened it within {row['unless_opened']}" if row["opened_since"] else ""
            whom = f" to {row['recipient']}" if row["recipient"] else ""
            text = f"{self._time(at)}  {row['channel']} {row['message']}{whom}{again}: {_standing(row)}{reason}"
            found.append((row["planned_at"], Line(text, holds=row["state"] not in _NOT_SENT, depth=1)))
        return [line for _, line in sorted(found, key=lambda pair: pair[0])]

    # --- Whether the customer qualifies -------------------------------------------------------------------------------

    def _trigger(self, connection: sa.Connection, customer_id: str, record: Record, timely: Timely) -> Iterable[Line]:
        trigger, now = self.playbook.trigger, timely.now
        chances = list(Chances(self.shop, self.playbook, timely)(connection, customer_id, record))
        if chances:
            yield from (Line(text, holds, value, depth) for text, holds, value, depth in chances)
        elif trigger.event_name is not None:
            yield from self._events(connection, trigger.event_name, customer_id, record, timely)
        elif trigger.audience is not None:
            yield from self._explained(f"when {trigger.word}", trigger.audience, record, now)
            yield from self._membership(connection, customer_id)

    def _events(
        self, connection: sa.Connection, name: str, customer_id: str, record: Record, timely: Timely
    ) -> Iterable[Line]:
        now = timely.now
        since = datetime(1970, 1, 1, tzinfo=UTC)
        happened = self.shop.facts.happened(connection, name, [customer_id], since, now).get(customer_id, [])
        if not happened:
            yield Line(f"when event {name}", holds=False, value="never happened for this customer")
        for at, fields, key in reversed(happened[-_TOLD:]):
            yield Line(f"when event {name}", holds=True, value=f"on {self._time(at)}")
            where = getattr(self.playbook.trigger, "where", None)
            asked = [*self._explained("where", where, {**record, "event": fields}, now, depth=1)]
            yield from asked
            sound = all(line.holds is not False for line in asked)
            yield from (Line(*one) for one in timely.event(connection, at, key, sound=sound))

    def _membership(self, connection: sa.Connection, customer_id: str) -> Iterable[Line]:
        mine = (memberships.c.playbook == self.playbook.id, memberships.c.customer_id == customer_id)
        row = connection.execute(sa.select(memberships).where(*mine)).mappings().first()
        if row is not None and row["inside"]:
            yield Line(f"matches since {self._time(row['changed_at'])}; enters again only after it has ceased to match")

    def _explained(
        self, label: str, tree: Tree | None, record: Record, now: datetime, depth: int = 0
    ) -> Iterable[Line]:
        if tree is None:
            return
        settings, segments = self.shop.settings, self.shop.segments
        for reason in explain(tree, record, now, settings.zone, segments, settings.currency):
            yield Line(f"{label}  {reason.text}", holds=reason.holds, value=reason.value, depth=depth)

    def _entry(self, connection: sa.Connection, customer_id: str, now: datetime) -> Iterable[Line]:
        enter = self.playbook.enter
        if enter is None:
            return
        mine = [
            enrolments.c.playbook == self.playbook.id,
            enrolments.c.customer_id == customer_id,
            enrolments.c.state.not_in(["refused", "collected"]),
        ]
        latest = sa.select(enrolments.c.entered_at, enrolments.c.fired_at).where(*mine)
        last = connection.execute(latest.order_by(enrolments.c.fired_at.desc()).limit(1)).first()
        rule = f"enter {enter.as_entry}"
        if last is None:
            yield Line(rule, holds=True, value="did not enter yet")
            return
        free = enter.per.after(last.fired_at, self.shop.settings.zone) if enter.per else None
        again = f"; may again from {self._time(free)}" if free else ""
        under_way = sa.select(enrolments.c.id).where(*mine, enrolments.c.state.in_(["running", "waiting"])).limit(1)
        # Whoever is in by that very rule is not kept out by it.
        holds = None if connection.execute(under_way).first() else free is not None and free <= now
        yield Line(rule, holds=holds, value=f"entered on {self._time(last.entered_at)}{again}")

    def _contact(self, connection: sa.Connection, customer_id: str, now: datetime) -> Iterable[Line]:
        """Whether a message could reach the customer now."""
        channels = {
            channel
            for step in self.playbook.steps.values()
            if isinstance(step.action, Sends)
            for channel in step.action.ways() or self.shop.settings.channels.personal
        }
        for channel in sorted(channels):
            row = {
                "id": 0, "enrolment_id": 0, "customer_id": customer_id, "channel": channel, "expires_at": None,
                "purpose": self.playbook.purpose, "topic": self.playbook.topic,
                "playbook": self.playbook.id, "revision": self.playbook.revision, "planned_at": now,
                "priority": self.playbook.guarded.priority,
            }  # fmt: skip
            named = self.shop.catalogue.fields
            fields = [named[name] for name in ("email", "phone", "chat", "open_complaints") if name in named]
            customers = self.shop.facts.customers(connection, [customer_id], fields, now)
            sight = Sight.of(self.shop, connection, [row], customers, now)
            verdicts = against(sight.look(row, self.playbook, now, run=("running", None)))
            if not verdicts:
                yield Line(f"{channel} may go to this customer now", holds=True)
            for guard, verdict in verdicts.items():
                until = f" until {self._time(verdict.until)}" if verdict.until else ""
                text = f"{channel} may not go to this customer now{until} ({guard.replace('_', ' ')})"
                yield Line(text, holds=False, value=verdict.reason)
            for one in answers(connection, customer_id, self.shop.settings.zone, channel):
                yield Line(one, depth=1)

    def _time(self, instant: datetime) -> str:
        return shown(instant, self.shop.settings.zone)


def _standing(row: sa.RowMapping) -> str:
    """Where a message stands, with what was ever in doubt about it."""
    known = ", and taken twice" if row["duplicate_known"] else ", sent again after no answer" if row["dup_risk"] else ""
    bounced = ", and came back" if row["bounced_at"] is not None else ""
    return f"{row['state'].replace('_', ' ')}{known}{bounced}"


_NOT_SENT = ("suppressed", "expired", "skipped", "cancelled", "failed")


def _dates(playbook: Playbook) -> Sequence[str]:
    """The customer's dates that the trigger looks at."""
    named = (getattr(playbook.trigger, word, None) for word in ("date", "anniversary"))
    return [name.removeprefix("customer.") for name in named if isinstance(name, str)]
