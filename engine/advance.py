"""Who moves on: runs whose time has come, in batches; what their steps write commits together with their moves."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from engine.actions.voucher import IssueVoucher
from engine.clocks.times import Length
from engine.desk.batch import Desk
from engine.failpoints import reach
from engine.loyalty import Issue, Loyalty, Till
from engine.loyalty.codes import random_code
from engine.outgoing.hands import Hands
from engine.progress import no_earlier_than_heard
from engine.runs.counting import ration, record
from engine.runs.deeds import Setting
from engine.runs.duties import subject_of
from engine.runs.effects import Effects
from engine.runs.kept import load_had
from engine.runs.known import Wanted, know
from engine.runs.run import CustomerRun
from engine.shop import Shop
from engine.store.dialect import lock_listening
from engine.store.faults import is_of_a_statement
from engine.store.ledger import RUNNING, enrolments, of_playbooks
from engine.store.prepared import Prepared
from engine.workspace.playbook import Playbook

#: Runs that one transaction takes.
BATCH = 1_000
_AGAIN = 3
#: How long a run stands still whose texts or facts cannot be read; it is not lost, and says why.
_LATER = Length(1, "hour")

_DUE = (
    enrolments.c.state == sa.literal_column("'running'"),  # as the partial index has it
    enrolments.c.due_at <= sa.bindparam("now", type_=enrolments.c.due_at.type),
)


def next_run(playbooks: Sequence[str]) -> sa.Select[Any]:
    """The next run whose time comes after :after."""
    at = enrolments.c.due_at
    running: sa.ColumnElement[bool] = sa.literal_column(RUNNING)
    due = running, of_playbooks(enrolments, playbooks)
    return sa.select(sa.func.min(at)).where(*due, at > sa.bindparam("after", type_=at.type))


@dataclass(frozen=True)
class Advance:
    """The pass over the runs of one shop."""

    shop: Shop
    new_code: Callable[[], str] = random_code
    control: Callable[[str, str], bool] | None = None
    variant: Callable[[str, str, str], str | None] | None = None

    def __call__(self, now: datetime, hands: Hands | None = None) -> int:
        """Moves every run that is due, as far as the turn goes. Returns how many were taken."""
        hands, moved = hands or Hands(), 0
        hands.begin_turn()
        while self._any(now):
            taken = self._again(self.shop.moving, hands.fresh(now))
            moved += taken
            if taken < BATCH or hands.is_turn_over():
                break
        return moved

    @cached_property
    def waiting(self) -> Prepared:
        """Whether any run is due at :now."""
        due: sa.Select[Any] = (
            sa.select(sa.literal_column("1")).where(*_DUE, of_playbooks(enrolments, self.shop.moving)).limit(1)
        )
        return Prepared(due, self.shop.store.dialect.name)

    def _any(self, now: datetime) -> bool:
        with self.shop.store.connect().execution_options(reading=True) as connection:
            return self.waiting.execute(connection, {"now": now}).first() is not None

    def _again(self, playbooks: Sequence[str], now: datetime) -> int:
        """A batch; once more where a new voucher code met one that exists, and without what a run gave before it failed."""
        failed: dict[int, str] = {}
        met = 0
        while True:
            try:
                return self._batch(playbooks, now, failed)
            except _Failed as fault:
                failed |= fault.reasons
            except IntegrityError:
                met += 1
                if met == _AGAIN:
                    raise

    def _batch(self, playbooks: Sequence[str], now: datetime, failed: Mapping[int, str]) -> int:
        """Moves a batch; of the runs that are known to fail, nothing is done but that they end. Raises `_Failed` for others."""
        effects = Effects()
        with self.shop.store.begin() as connection:
            lock_listening(connection, alone=False)
            now = no_earlier_than_heard(connection, now)
            loyalty = self._loyalty(connection, now)
            effects.vouchers = loyalty.issue.rows
            setting = Setting(
                settings=self.shop.settings,
                catalogue=self.shop.catalogue,
                segments=self.shop.segments,
                now=now,
                effects=effects,
                loyalty=loyalty,
                desk=Desk(connection, self.shop.settings, now),
                control=self.control,
                variant=self.variant,
            )
            rows = _claim(connection, playbooks, now)
            setting.rations.update(ration(connection, self._rules_of(connection, rows)))
            ended = {"state": "failed", "ended_at": now, "listens": False}
            effects.moves.extend(_place(row, **ended, reason=failed[row["id"]]) for row in rows if row["id"] in failed)
            sound = [row for row in rows if row["id"] not in failed]
            found: dict[int, str] = {}
            for (playbook_id, revision), group in groupby(sound, key=lambda row: (row["playbook"], row["revision"])):
                pinned = self.shop.pinned(connection, playbook_id, revision)
                found |= self._group(connection, setting, pinned, list(group))
            if found:
                raise _Failed(found)  # what they gave is mixed with what the others gave: the batch is taken back
            loyalty.write()
            effects.write(connection, self.shop.catalogue, now)
            record(connection, setting.rations)
            reach("advance.written")
        reach("advance.moved")
        return len(rows)

    def _loyalty(self, connection: sa.Connection, now: datetime) -> Loyalty:
        """What the runs of a batch share of vouchers and points."""
        issue = Issue(connection, self.shop.vouchers, self.shop.settings.currency, now, self.new_code)
        return Loyalty(connection, issue, Till(connection, now), now)

    def _rules_of(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> Iterable[Playbook | None]:
        """The playbooks whose rules hold over all runs: as they are today, else as they were when those runs began."""
        for playbook, revision in {(row["playbook"], row["revision"]) for row in rows}:
            today = self.shop.workspace.playbooks.get(playbook)
            yield today if today is not None else self.shop.pinned(connection, playbook, revision)

    def _group(
        self,
        connection: sa.Connection,
        setting: Setting,
        playbook: Playbook | None,
        rows: Sequence[Mapping[str, Any]],
    ) -> dict[int, str]:
        """The runs of one revision; gives those that failed, and why.

        What the store refuses for them, a dropped column say, is no fault of the others.
        """
        why = "its revision cannot be read"
        try:
            with connection.begin_nested():
                runs = list(self._runs(connection, setting, playbook, rows)) if playbook is not None else None
        except DBAPIError as fault:
            if not is_of_a_statement(fault):
                raise  # the store is away, locked or full: that concerns everybody
            runs, why = None, f"the store cannot answer: {fault.orig}".splitlines()[0]
        if runs is None:
            later = _LATER.after(setting.now, setting.settings.zone)
            setting.effects.moves.extend(_place(row, due_at=later, reason=why) for row in rows)
            return {}
        return {run.row["id"]: reason for run in runs if (reason := _walk(run)) is not None}

    def _runs(
        self, connection: sa.Connection, setting: Setting, playbook: Playbook, rows: Sequence[Mapping[str, Any]]
    ) -> Iterable[CustomerRun]:
        """The runs of one revision, with everything they may ask, loaded in a handful of statements."""
        actions = [step.action for step in playbook.steps.values()]
        verbs = {action.verb for action in actions}
        kinds = {action.voucher for action in actions if isinstance(action, IssueVoucher)}
        wanted = Wanted.of(playbook, self.shop.catalogue, self.shop.segments, actions)
        known = know(connection, self.shop, playbook, rows, wanted, setting.now)
        setting.loyalty.prepare(kinds, verbs, rows)
        subjects = [subject_of(playbook.trigger.broadcast, row) for row in rows]
        setting.desk.prepare(playbook.id, verbs, subjects)
        load_had(connection, setting.effects.had, playbook.series, [row["customer_id"] for row in rows])
        for row, one in zip(rows, known, strict=True):
            if one is None:
                setting.effects.moves.append(_gone(row, setting.now))
            else:
                yield CustomerRun(setting, playbook, row, one.record, one.zone, one)


class _Failed(Exception):
    """Runs that failed in a batch, with the reasons."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        super().__init__(*reasons.values())
        self.reasons = reasons


def _walk(run: CustomerRun) -> str | None:
    """Walks a run as far as it goes now; gives why it failed, if it did."""
    try:
        run.walk()
    except (LookupError, ValueError, ArithmeticError, TypeError) as fault:
        at = f"step {run.step.id}: " if run.step is not None else ""
        return f"{at}{type(fault).__name__}: {fault}"
    return run.reason if run.state == "failed" else None


def _claim(connection: sa.Connection, playbooks: Sequence[str], now: datetime) -> list[Mapping[str, Any]]:
    """The batch, locked until the transaction ends; another worker passes over it."""
    statement = (
        sa.select(enrolments)
        .where(*_DUE, of_playbooks(enrolments, playbooks))
        .order_by(enrolments.c.due_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    rows = [dict(row) for row in connection.execute(statement, {"now": now}).mappings()]
    return sorted(rows, key=lambda row: (row["playbook"], row["revision"], row["id"]))


def _place(row: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    kept = ("id", "state", "reason", "step", "due_at", "step_since", "resume_at", "ended_at", "results", "listens",
            "iteration", "rounds", "suspended_at")  # fmt: skip
    return {**{name: row[name] for name in kept}, **changed}


def _gone(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return _place(row, state="stopped", reason="the customer is no longer in the store", ended_at=now, listens=False)
