"""What the runs of one batch ask of the shop's people: whose turn it is, and what a person has decided."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from engine.action import Decision
from engine.settings import Settings
from engine.store.desk import questions, tasks
from engine.store.dialect import insert


@dataclass
class Desk:
    """Tasks and questions of one transaction."""

    connection: sa.Connection
    settings: Settings
    now: datetime
    _turns: dict[str, int] = field(default_factory=dict)  # tasks that a rotation has dealt out so far
    _decided: dict[tuple[str, str], Decision] = field(default_factory=dict)  # of one playbook: step and subject
    _playbook: str | None = None

    def prepare(self, playbook: str, verbs: Collection[str], subjects: Collection[str]) -> None:
        """Reads in one set what people have decided for the runs of a playbook."""
        self._playbook, self._decided = playbook, {}
        if "approve" not in verbs:
            return
        mine = (questions.c.playbook == playbook, questions.c.subject.in_(sorted({*subjects})))
        for row in self.connection.execute(sa.select(questions).where(*mine)):
            self._decided[row.step, row.subject] = Decision(row.until, row.answer, row.answered_by)

    def turn(self, team: str) -> str:
        """Whose turn it is in a team; those who are away are passed over. The team itself where nobody is named in it."""
        staff = self.settings.staff
        present = staff.present(team, self.now.astimezone(self.settings.zone).date())
        if not present:
            return team
        if team not in self._turns:
            dealt = sa.select(sa.func.count()).select_from(tasks).where(tasks.c.rotation == team)
            self._turns[team] = self.connection.scalar(dealt) or 0
        number = self._turns[team]
        self._turns[team] += 1
        return dealt_out([(name, staff.teams[team][name]) for name in present], number)

    def ask(self, step: str, subject: str, question: str, approver: str, until: datetime) -> Decision:
        """The question's standing; where nobody has asked yet, it is asked now."""
        known = self._decided.get((step, subject))
        if known is not None:
            return known
        row = {"playbook": self._playbook, "step": step, "subject": subject, "question": question,
               "approver": approver, "asked_at": self.now, "until": until}  # fmt: skip
        # Another worker that asks at this moment is waited for; of both only one has asked.
        statement = insert(self.connection.dialect.name, questions).values(row).on_conflict_do_nothing()
        number = self.connection.execute(statement.returning(questions.c.id)).scalar()
        if number is None:
            mine = (questions.c.playbook == self._playbook, questions.c.step == step, questions.c.subject == subject)
            found = self.connection.execute(sa.select(questions).where(*mine)).one()
            self._decided[step, subject] = Decision(found.until, found.answer, found.answered_by)
            return self._decided[step, subject]
        self._decided[step, subject] = Decision(until, None, None)
        return Decision(until, None, None, number)


def dealt_out(members: Sequence[tuple[str, int]], number: int) -> str:
    """Who gets the piece of work of that number, counted from 0: by weight, and well mixed.

    Who joins or comes back is dealt his share from then on, and not all that he missed.
    """
    whole = sum(weight for _, weight in members)
    credit = dict.fromkeys((name for name, _ in members), 0)
    for _ in range(number % whole + 1):
        for name, weight in members:
            credit[name] += weight
        chosen = max(credit, key=lambda name: credit[name])  # of equals the first named
        credit[chosen] -= whole
    return chosen
