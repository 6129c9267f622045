"""What a playbook did, in order: read from the store after each tick, as the engine left it there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.channels import Record
from engine.happened import UNSENT
from engine.outgoing.letters import message_key
from engine.rehearse.letter import Text, read_text
from engine.rehearse.vocabulary import share
from engine.store.customers import customer_tags, vouchers
from engine.store.desk import tasks
from engine.store.ledger import enrolments, outbox
from engine.store.loyalty import points, voucher_changes
from engine.workspace import Playbook

#: States of a run and of a message, as an expectation calls them. Of others nothing is said.
_RUNS = {"stopped": "stopped", "refused": "not_entered", "held_out": "held_out", "failed": "failed"}
#: What was done to a voucher, as an expectation calls it.
_DONE = {"extended": "extended", "taken_back": "undone"}
_MESSAGES = ("suppressed", "expired", "skipped", "cancelled", "failed")


@dataclass(frozen=True)
class Entry:
    """One thing that happened: to whom, when, and by which step of which run."""

    at: datetime
    customer: str
    word: str
    value: str
    enrolment: int | None = None
    step: str | None = None
    planned_at: datetime | None = None
    channel: str | None = None
    message: str | None = None
    language: str | None = None
    assignee: str | None = None
    text: Text | None = None
    unopened: str | None = None  # how long nobody had opened what was sent before, by another channel


@dataclass
class Timeline:
    """The entries so far. `look` adds what is new."""

    channel: Record
    entries: list[Entry] = field(default_factory=list)
    deferred: dict[int, str] = field(default_factory=dict)  # run -> why its mail was put off last
    _seen: set[tuple[str, int]] = field(default_factory=set)
    _tags: set[tuple[str, str]] = field(default_factory=set)

    def begin(self, connection: sa.Connection) -> None:
        """Takes the tags as they are: what a script puts on is not the playbook's doing."""
        self._tags = _tags(connection)

    def look(self, connection: sa.Connection, now: datetime, playbook: Playbook) -> None:
        """Adds what the tick at `now` did."""
        self.entries += self._vouchers(connection)
        self.entries += self._changed_vouchers(connection, playbook)
        self.entries += self._points(connection, playbook)
        self.entries += self._tasks(connection)
        self.entries += self._changed_tags(connection, now)
        self.entries += self._runs(connection, now, share(playbook))
        self.entries += self._messages(connection, now)

    def _fresh(self, kind: str, number: int) -> bool:
        fresh = (kind, number) not in self._seen
        self._seen.add((kind, number))
        return fresh

    def _vouchers(self, connection: sa.Connection) -> Iterator[Entry]:
        issued = sa.select(vouchers).where(vouchers.c.enrolment_id.is_not(None)).order_by(vouchers.c.id)
        for row in connection.execute(issued):
            if self._fresh("voucher", row.id):
                yield Entry(row.issued_at, row.customer_id, "voucher", row.kind, row.enrolment_id, row.step)

    def _changed_vouchers(self, connection: sa.Connection, playbook: Playbook) -> Iterator[Entry]:
        rows = voucher_changes.c
        done = sa.select(voucher_changes).where(rows.enrolment_id.is_not(None), rows.change.in_(list(_DONE)))
        for row in connection.execute(done.order_by(rows.id)):
            if self._fresh("voucher change", row.id):
                word = _DONE[row.change]
                name = _named(playbook, row.step, word)
                yield Entry(row.at, row.customer_id, word, name, row.enrolment_id, row.step)

    def _points(self, connection: sa.Connection, playbook: Playbook) -> Iterator[Entry]:
        given = sa.select(points).where(points.c.enrolment_id.is_not(None)).order_by(points.c.id)
        for row in connection.execute(given):
            if self._fresh("points", row.id):
                word, value = "points", str(row.amount)
                if row.change == "taken_back":
                    word, value = "undone", _named(playbook, row.step, "undone")
                yield Entry(row.at, row.customer_id, word, value, row.enrolment_id, row.step)

    def _tasks(self, connection: sa.Connection) -> Iterator[Entry]:
        for row in connection.execute(sa.select(tasks).order_by(tasks.c.id)):
            if self._fresh("task", row.id):
                run = (row.enrolment_id, row.step)
                yield Entry(row.created_at, row.customer_id, "task", row.task, *run, assignee=row.assignee)

    def _changed_tags(self, connection: sa.Connection, now: datetime) -> Iterator[Entry]:
        tags = _tags(connection)
        for word, changed in (("tag", tags - self._tags), ("untag", self._tags - tags)):
            for customer, tag in sorted(changed):
                yield Entry(now, customer, word, tag)
        self._tags = tags

    def _runs(self, connection: sa.Connection, now: datetime, held_out: str) -> Iterator[Entry]:
        for row in connection.execute(sa.select(enrolments).order_by(enrolments.c.id)):
            word = _RUNS.get(row.state)
            if word is not None and self._fresh("run", row.id):
                value = held_out if word == "held_out" else row.reason or ""
                yield Entry(row.ended_at or now, row.customer_id, word, value, row.id, row.step)

    def _messages(self, connection: sa.Connection, now: datetime) -> Iterator[Entry]:
        letters = {letter.key: letter for letter in self.channel.letters}
        for found in connection.execute(sa.select(outbox).order_by(outbox.c.id)).mappings():
            row = dict(found)
            if row["state"] == "deferred":
                self.deferred[row["enrolment_id"]] = row["reason"]
            elif row["state"] == "sent" and self._fresh("message", row["id"]):
                text = read_text(row["channel"], letters[message_key(row)].content)
                word = "notify" if row["recipient"] is not None else row["channel"]
                yield self._entry(row, row["sent_at"], word, row["message"], text)
            elif row["state"] in _MESSAGES and self._fresh("message", row["id"]):
                yield self._entry(row, now, row["state"], row["reason"] or "", None)

    def _entry(self, row: Mapping[str, Any], at: datetime, word: str, value: str, text: Text | None) -> Entry:
        return Entry(
            at,
            row["customer_id"],
            word,
            value,
            row["enrolment_id"],
            row["step"],
            planned_at=row["planned_at"],
            channel=row["channel"],
            message=row["message"] if word in UNSENT else None,
            language=row["language"],
            assignee=row["recipient"],
            text=text,
            unopened=row["unless_opened"] if row["opened_since"] is not None else None,
        )


def _named(playbook: Playbook, step: str, word: str) -> str:
    """The name under which a step found what it extended or took back."""
    return dict(playbook.steps[step].action.shows())[word]


def _tags(connection: sa.Connection) -> set[tuple[str, str]]:
    return {(who, tag) for who, tag in connection.execute(sa.select(customer_tags.c.customer_id, customer_tags.c.tag))}
