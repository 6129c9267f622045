"""The deciding line: which step, rule or condition made something happen at that moment, or kept it from happening."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engine.action import Enter, Hold
from engine.actions.wait_until import WaitUntil
from engine.conditions import Tree, explain
from engine.facts import Facts
from engine.happened import UNSENT
from engine.rehearse.compare import Line
from engine.rehearse.play import Played
from engine.rehearse.script import Case, Expected
from engine.rehearse.timeline import Entry
from engine.rehearse.witness import Visit
from engine.runs.kept import kept
from engine.source.yaml import read_yaml
from engine.store.ledger import enrolments
from engine.triggers.event import EventTrigger
from engine.workspace import Playbook, Step, Workspace

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Reasons:
    """Answers for one test, while its store still stands."""

    workspace: Workspace
    playbook: Playbook
    case: Case
    played: Played
    connection: sa.Connection

    def of(self, lines: Sequence[Line]) -> list[str]:
        """The deciding line of each surprise, none of them twice; of a time that is wrong, that of what happened."""
        happened = {line.what for line in lines if line.mark == "+"}
        found: dict[str, None] = {}
        for line in lines:
            if line.mark == "+" and line.entry is not None:
                found.update(dict.fromkeys(self._happened(line.entry)))
            elif line.mark == "-" and line.expected is not None and line.what not in happened:
                found.update(dict.fromkeys(self._did_not_happen(line.expected)))
        return list(found)

    # --- Of what happened ---------------------------------------------------------------------------------------------

    def _happened(self, entry: Entry) -> Iterator[str]:
        planned = entry.planned_at or entry.at
        visit = self._visit(entry, planned)
        if visit is None:
            return
        move = [one for one in self.played.trace.visits if one.enrolment == visit.enrolment and one.at == visit.at]
        earlier = any(one.enrolment == visit.enrolment and one.at < visit.at for one in self.played.trace.visits)
        yield self._step(self._steps[move[0].step], visit) if earlier else self._trigger()
        if entry.at - planned >= _MINUTE:
            waited = self.played.deferred.get(visit.enrolment) or "it waited for the send window"
            if entry.unopened is not None:
                waited = f"nobody opened it within {entry.unopened}"
            yield f"planned {self._shown(planned, entry.customer)}; {waited}"

    def _visit(self, entry: Entry, at: datetime) -> Visit | None:
        """The visit of the step that did it; for a tag, the step that puts it."""
        for visit in self.played.trace.visits:
            step = self._steps[visit.step]
            if visit.at != at:
                continue
            if entry.step == visit.step and entry.enrolment == visit.enrolment:
                return visit
            if entry.enrolment is None and str(getattr(step.action, entry.word, None)) == entry.value:
                return visit
        return None

    @property
    def _steps(self) -> Mapping[str, Step]:
        return self.playbook.steps

    def _step(self, step: Step, visit: Visit) -> str:
        anchor = ""
        if isinstance(step.action, WaitUntil):
            moment = step.action.wait_until
            value = self._value(visit.enrolment, moment.scope, moment.field)
            anchor = f" ({value})" if value else ""
        return f"{self.playbook.file}:{step.line} {step.text}{anchor}"

    def _trigger(self) -> str:
        trigger = self.playbook.trigger
        path = ("when", trigger.word)
        source = read_yaml(self.playbook.file, self.workspace.texts.get(self.playbook.file, ""))
        line = source.key_place(path).line if not isinstance(source, list) else 1
        written = source.marks[path].raw if not isinstance(source, list) and path in source.marks else None
        return f"{self.playbook.file}:{line} {trigger.word}{f' {written}' if written else ''}"

    def _value(self, enrolment: int, scope: str, field: str) -> str | None:
        """What a field of a run holds, by the customer's clocks."""
        row = self.connection.execute(sa.select(enrolments).where(enrolments.c.id == enrolment)).mappings().one()
        facts, customer = self._facts, row["customer_id"]
        known: Mapping[str, Any] = {}
        if scope == "customer":
            fields = [facts.catalogue.fields[field]]
            known = facts.customers(self.connection, [customer], fields, self.case.until).get(customer, {})
        elif scope == "event" and isinstance(self.playbook.trigger, EventTrigger) and row["event_id"]:
            found = facts.events(self.connection, self.playbook.trigger.event, [row["event_id"]])
            known = found.get(row["event_id"], {})
        else:
            known = kept(self.connection, facts, [dict(row)])[0].get(scope, {})
        value = known.get(field)
        if isinstance(value, datetime):
            return self._shown(value, customer)
        return value.isoformat() if isinstance(value, date) else value

    @property
    def _facts(self) -> Facts:
        space = self.workspace
        assert space.settings is not None and space.catalogue is not None
        return Facts(space.catalogue, space.settings, space.segments)

    def _shown(self, instant: datetime, customer: str) -> str:
        return f"{instant.astimezone(self.case.people[customer].zone):%Y-%m-%d %H:%M}"

    # --- Of what did not ----------------------------------------------------------------------------------------------

    def _did_not_happen(self, expected: Expected) -> Iterator[str]:
        mine = (enrolments.c.customer_id == expected.customer, enrolments.c.fired_at < expected.at.instant + _MINUTE)
        query = sa.select(enrolments).where(*mine).order_by(enrolments.c.id.desc())
        run = self.connection.execute(query).mappings().first()
        if run is None:
            yield f"no run began: {self._trigger()}"
            yield from self._not_met(expected)
            return
        unsent = [
            entry
            for entry in self.played.entries
            if entry.word in UNSENT and entry.enrolment == run["id"] and entry.message == expected.value
        ]
        if unsent:
            yield f"{unsent[-1].word} {self._shown(unsent[-1].at, expected.customer)}: {unsent[-1].value}"
        elif run["state"] != "done" and run["state"] != "running":
            ended = run["ended_at"] or run["entered_at"]
            yield f"{run['state'].replace('_', ' ')} {self._shown(ended, expected.customer)}: {run['reason'] or ''}"
        else:
            yield from self._way(run["id"], expected.customer)

    def _way(self, enrolment: int, customer: str) -> Iterator[str]:
        """Where the run stands, or the last decision on its way."""
        visits = [visit for visit in self.played.trace.visits if visit.enrolment == enrolment]
        turns = [visit for visit in visits if isinstance(visit.move, Hold | Enter) or self._steps[visit.step].blocks]
        if not turns:
            yield self._trigger()
            return
        last = turns[-1]
        line = self._step(self._steps[last.step], last)
        if isinstance(last.move, Hold):
            yield f"{line}, until {self._shown(last.move.until, customer)}"
        elif isinstance(last.move, Enter):
            yield f"{line}, went into branch {last.move.block + 1}"
        else:
            yield f"{line}, no branch matched"

    def _not_met(self, expected: Expected) -> Iterator[str]:
        """The conditions that a customer failed who never entered; his fields are those at the end of the test."""
        trigger, facts = self.playbook.trigger, self._facts
        where = trigger.where if isinstance(trigger, EventTrigger) else None
        trees = [tree for tree in (where, trigger.audience, self.playbook.condition) if tree is not None]
        fields = list(facts.catalogue.fields.values())
        customer = facts.customers(self.connection, [expected.customer], fields, self.case.until)
        record: dict[str, Mapping[str, Any]] = {"customer": customer.get(expected.customer, {})}
        came = [one for one in self.case.happenings if one.event is not None and one.event == trigger.event_name]
        mine = [one for one in came if one.customer == expected.customer and one.at <= expected.at.instant]
        if trigger.event_name is not None and not mine:
            yield f"no {trigger.event_name} of {expected.customer} came"
            return
        record["event"] = mine[-1].payload if mine else {}
        for tree in trees:
            yield from self._failed(tree, record)

    def _failed(self, tree: Tree, record: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
        settings = self._facts.settings
        segments = self.workspace.segments
        for reason in explain(tree, record, self.case.until, settings.zone, segments, settings.currency):
            if not reason.holds:
                yield f"{reason.text}: {reason.value}"
