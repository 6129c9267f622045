"""The tables of the shop's own people: tasks, and questions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.store.types import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# As these types were in this version, whatever becomes of them.
KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("task", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("step", KEY, nullable=False),
        sa.Column("iteration", sa.Integer(), nullable=False),
        sa.Column("assignee", KEY, nullable=True),
        sa.Column("rotation", KEY, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("remind_at", Instant(), nullable=True),
        sa.Column("escalate_at", Instant(), nullable=True),
        sa.Column("escalate_to", KEY, nullable=True),
        sa.Column("escalated_at", Instant(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("enrolment_id", "step", "iteration", name="uq_tasks_enrolment_id_step_iteration"),
    )
    op.create_index("ix_tasks_customer_id", "tasks", ["customer_id"])
    op.create_index("ix_tasks_rotation", "tasks", ["rotation", "assignee"])
    _partial("ix_tasks_remind_at", "tasks", "remind_at", "remind_at IS NOT NULL")
    _partial("ix_tasks_escalate_at", "tasks", "escalate_at", "escalate_at IS NOT NULL")
    _partial("ix_tasks_undone", "tasks", "due_at", "done_at IS NULL")
    op.create_table(
        "questions",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("playbook", KEY, nullable=False),
        sa.Column("step", KEY, nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("question", KEY, nullable=False),
        sa.Column("approver", KEY, nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("answer", KEY, nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
        sa.UniqueConstraint("playbook", "step", "subject", name="uq_questions_playbook_step_subject"),
    )
    _partial("ix_questions_open", "questions", "until", "answer IS NULL")


def _partial(name: str, table: str, column: str, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
