"""What the shop's own people have to do: tasks, and questions that a person decides."""

import sqlalchemy as sa

from engine.store.customers import metadata
from engine.store.types import Instant, Key, RowId

#: The words of the partial indexes; a query must use the very same to be led to them.
TO_REMIND = "remind_at IS NOT NULL"
TO_ESCALATE = "escalate_at IS NOT NULL"
UNDONE = "done_at IS NULL"
UNANSWERED = "answer IS NULL"

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("id", RowId, sa.Identity(), primary_key=True),
    sa.Column("task", Key, nullable=False),
    sa.Column("customer_id", Key, nullable=False, index=True),
    sa.Column("enrolment_id", sa.BigInteger, nullable=False),
    sa.Column("step", Key, nullable=False),
    sa.Column("iteration", sa.Integer, nullable=False),
    sa.Column("assignee", Key),  # a person or a team of the settings, or a word of the shop's own
    sa.Column("rotation", Key),  # the team whose turns it counts in
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("remind_at", Instant),  # empty once that is done, or need not be
    sa.Column("escalate_at", Instant),
    sa.Column("escalate_to", Key),
    sa.Column("escalated_at", Instant),
    sa.Column("done_at", Instant),
    sa.Column("done_by", sa.Text),
    sa.Column("note", sa.Text),
    sa.UniqueConstraint("enrolment_id", "step", "iteration"),
    sa.Index("ix_tasks_remind_at", "remind_at", sqlite_where=sa.text(TO_REMIND), postgresql_where=sa.text(TO_REMIND)),
    sa.Index(
        "ix_tasks_escalate_at", "escalate_at", sqlite_where=sa.text(TO_ESCALATE), postgresql_where=sa.text(TO_ESCALATE)
    ),
    sa.Index("ix_tasks_undone", "due_at", sqlite_where=sa.text(UNDONE), postgresql_where=sa.text(UNDONE)),
    sa.Index("ix_tasks_rotation", "rotation", "assignee"),
)

questions = sa.Table(
    "questions",
    metadata,
    sa.Column("id", RowId, sa.Identity(), primary_key=True),
    sa.Column("playbook", Key, nullable=False),
    sa.Column("step", Key, nullable=False),
    sa.Column("subject", Key, nullable=False),  # the occasion that all runs share, or that of one customer
    sa.Column("question", Key, nullable=False),
    sa.Column("approver", Key, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("answer", Key),  # approved | refused
    sa.Column("answered_at", Instant),
    sa.Column("answered_by", sa.Text),
    sa.UniqueConstraint("playbook", "step", "subject"),
    sa.Index("ix_questions_open", "until", sqlite_where=sa.text(UNANSWERED), postgresql_where=sa.text(UNANSWERED)),
)
