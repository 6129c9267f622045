"""The engine's own tables: enrolments, the outbox, what came of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.store.types import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# As these types were in this version, whatever becomes of them.
KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "enrolments",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("playbook", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("occasion", KEY, nullable=False),
        sa.Column("revision", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("step", KEY, nullable=True),
        sa.Column("iteration", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fired_at", Instant(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("step_since", Instant(), nullable=True),
        sa.Column("resume_at", Instant(), nullable=True),
        sa.Column("rounds", DOCUMENT, nullable=True),
        sa.Column("suspended_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("event_id", KEY, nullable=True),
        sa.Column("key", KEY, nullable=True),
        sa.Column("collect_until", Instant(), nullable=True),
        sa.Column("joins", KEY, nullable=True),
        sa.Column("results", DOCUMENT, nullable=True),
        sa.Column("listens", sa.Boolean(), nullable=False),
        sa.Column("goal_until", Instant(), nullable=True),
        sa.Column("converted_at", Instant(), nullable=True),
        sa.Column("overdue", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("admitted_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_enrolments"),
        sa.UniqueConstraint("playbook", "customer_id", "occasion", name="uq_enrolments_playbook_customer_id_occasion"),
    )
    op.create_index(
        "ix_enrolments_due",
        "enrolments",
        ["due_at"],
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "ix_enrolments_goal",
        "enrolments",
        ["customer_id"],
        sqlite_where=sa.text("goal_until IS NOT NULL AND converted_at IS NULL"),
        postgresql_where=sa.text("goal_until IS NOT NULL AND converted_at IS NULL"),
    )
    op.create_index(
        "ix_enrolments_listening",
        "enrolments",
        ["customer_id"],
        sqlite_where=sa.text("state = 'running' AND listens"),
        postgresql_where=sa.text("state = 'running' AND listens"),
    )
    op.create_index(
        "ix_enrolments_admitted",
        "enrolments",
        ["admitted_at", "playbook"],
        sqlite_where=sa.text("admitted_at IS NOT NULL"),
        postgresql_where=sa.text("admitted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_enrolments_waiting",
        "enrolments",
        ["playbook", "due_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "memberships",
        sa.Column("playbook", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("exits", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("playbook", "customer_id", name="pk_memberships"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("step", KEY, nullable=False),
        sa.Column("iteration", sa.Integer(), nullable=False),
        sa.Column("playbook", KEY, nullable=False),
        sa.Column("revision", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("rank", sa.Integer(), server_default="0", nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("channels", DOCUMENT, nullable=True),
        sa.Column("unless_opened", KEY, nullable=True),
        sa.Column("opened_since", Instant(), nullable=True),
        sa.Column("message", KEY, nullable=False),
        sa.Column("recipient", KEY, nullable=True),
        sa.Column("fields", DOCUMENT, nullable=True),
        sa.Column("purpose", KEY, nullable=False),
        sa.Column("topic", KEY, nullable=True),
        sa.Column("state", KEY, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("planned_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempt_id", KEY, nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("language", KEY, nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("bounced_at", Instant(), nullable=True),
        sa.Column("priority", sa.Integer(), server_default="50", nullable=False),
        sa.Column("dup_risk", sa.Integer(), server_default="0", nullable=False),
        sa.Column("crash_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("duplicate_known", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint(
            "enrolment_id", "step", "iteration", "rank", name="uq_outbox_enrolment_id_step_iteration_rank"
        ),
    )
    op.create_index(
        "ix_outbox_customer_id_sent_at",
        "outbox",
        ["customer_id", "sent_at"],
        sqlite_where=sa.text("sent_at IS NOT NULL"),
        postgresql_where=sa.text("sent_at IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["due_at"],
        sqlite_where=sa.text("state IN ('planned', 'deferred')"),
        postgresql_where=sa.text("state IN ('planned', 'deferred')"),
    )
    op.create_index(
        "ix_outbox_leased",
        "outbox",
        ["lease_until"],
        sqlite_where=sa.text("state IN ('claimed', 'sending')"),
        postgresql_where=sa.text("state IN ('claimed', 'sending')"),
    )
    op.create_index(
        "ix_outbox_uncertain",
        "outbox",
        ["due_at"],
        sqlite_where=sa.text("state IN ('uncertain', 'review')"),
        postgresql_where=sa.text("state IN ('uncertain', 'review')"),
    )
    op.create_index(
        "ix_outbox_coming",
        "outbox",
        ["customer_id"],
        sqlite_where=sa.text("state IN ('planned', 'deferred', 'claimed')"),
        postgresql_where=sa.text("state IN ('planned', 'deferred', 'claimed')"),
    )
    op.create_index(
        "ix_outbox_playbook_bounced_at",
        "outbox",
        ["playbook", "bounced_at"],
        sqlite_where=sa.text("bounced_at IS NOT NULL"),
        postgresql_where=sa.text("bounced_at IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_playbook_sent_at",
        "outbox",
        ["playbook", "sent_at"],
        sqlite_where=sa.text("sent_at IS NOT NULL"),
        postgresql_where=sa.text("sent_at IS NOT NULL"),
    )
    op.create_table(
        "progress",
        sa.Column("playbook", KEY, nullable=False),
        sa.Column("revision", KEY, nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("audience", KEY, nullable=True),
        sa.Column("launched_at", Instant(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("salt", KEY, nullable=True),
        sa.PrimaryKeyConstraint("playbook", name="pk_progress"),
    )
    op.create_table(
        "counters",
        sa.Column("playbook", KEY, nullable=False),
        sa.Column("what", KEY, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("playbook", "what", name="pk_counters"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "revisions",
        sa.Column("playbook", KEY, nullable=False),
        sa.Column("revision", KEY, nullable=False),
        sa.Column("files", DOCUMENT, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("playbook", "revision", name="pk_revisions"),
    )
    op.create_table(
        "variants",
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("step", KEY, nullable=False),
        sa.Column("variant", KEY, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "step", name="pk_variants"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "had",
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("series", KEY, nullable=False),
        sa.Column("message", KEY, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "series", "message", name="pk_had"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attempts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("outcome", KEY, nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.ForeignKeyConstraint(["message_id"], ["outbox.id"], name="fk_attempts_message_id", ondelete="CASCADE"),
    )
    op.create_index("ix_attempts_message_id", "attempts", ["message_id"])
