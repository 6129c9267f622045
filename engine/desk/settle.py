"""What people do with tasks and questions: done, approved, refused; the runs that waited for it go on at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from engine.store.desk import UNANSWERED, UNDONE, questions, tasks
from engine.store.dialect import lock_listening
from engine.store.ledger import RUNNING, enrolments

Answer = Literal["approved", "refused"]


@dataclass(frozen=True)
class Refused:
    """Why nothing was changed."""

    why: str


def open_tasks(connection: sa.Connection, whom: str | None = None) -> list[Any]:
    """The tasks that are not done, the most urgent first; of one person, team, or of all."""
    wanted: list[sa.ColumnElement[bool]] = [sa.literal_column(UNDONE)]
    if whom is not None:
        wanted.append(sa.or_(tasks.c.assignee == whom, tasks.c.escalate_to == whom))
    joined = sa.select(tasks, enrolments.c.playbook).join(enrolments, enrolments.c.id == tasks.c.enrolment_id)
    return list(
        connection.execute(joined.where(*wanted).order_by(tasks.c.due_at.is_(None), tasks.c.due_at, tasks.c.id))
    )


def open_questions(connection: sa.Connection) -> list[Any]:
    """The questions that nobody has answered, the most urgent first."""
    wanted = sa.select(questions).where(sa.literal_column(UNANSWERED))
    return list(connection.execute(wanted.order_by(questions.c.until, questions.c.id)))


def finish(connection: sa.Connection, number: int, by: str | None, note: str | None, now: datetime) -> Refused | None:
    """Puts down that a task is done; why not, where it cannot be."""
    task = connection.execute(sa.select(tasks).where(tasks.c.id == number).with_for_update()).first()
    if task is None:
        return Refused(f"there is no task {number}; `regulars tasks` lists them")
    if task.done_at is not None:
        return Refused(f"task {number} was done on {task.done_at:%Y-%m-%d %H:%M} UTC by {task.done_by or 'somebody'}")
    done = {"done_at": now, "done_by": by, "note": note, "remind_at": None, "escalate_at": None}
    connection.execute(sa.update(tasks).where(tasks.c.id == number).values(done))
    _wake(connection, now, enrolments.c.id == task.enrolment_id)
    return None


def answer(connection: sa.Connection, number: int, said: Answer, by: str | None, now: datetime) -> Refused | None:
    """Puts down what a person decided; why not, where it is too late."""
    # A batch that has just read that nobody answered must first say that its runs wait: else nothing would wake them.
    lock_listening(connection, alone=True)
    question = connection.execute(sa.select(questions).where(questions.c.id == number).with_for_update()).first()
    if question is None:
        return Refused(f"there is no question {number}; `regulars tasks` lists them")
    if question.answer is not None:
        return Refused(f"question {number} was {question.answer} by {question.answered_by or 'somebody'} already")
    if question.until <= now:
        return Refused(f"the time for question {number} was over on {question.until:%Y-%m-%d %H:%M} UTC")
    given = {"answer": said, "answered_at": now, "answered_by": by}
    connection.execute(sa.update(questions).where(questions.c.id == number).values(given))
    at_step = (enrolments.c.playbook == question.playbook, enrolments.c.step == question.step)
    shared = enrolments.c.occasion == question.subject
    of_one = enrolments.c.customer_id + "/" + enrolments.c.occasion == question.subject
    _wake(connection, now, *at_step, sa.or_(shared, of_one))
    return None


def _wake(connection: sa.Connection, now: datetime, *which: sa.ColumnElement[bool]) -> None:
    connection.execute(sa.update(enrolments).where(sa.literal_column(RUNNING), *which).values(due_at=now))
