"""The tables of loyalty: pools of codes, what was done to vouchers, and points."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.store.types import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# As these types were in this version, whatever becomes of them.
KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "pool_codes",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("imported_at", Instant(), nullable=False),
        sa.Column("taken_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_pool_codes"),
        sa.UniqueConstraint("code", name="uq_pool_codes_code"),
    )
    op.create_index(
        "ix_pool_codes_free",
        "pool_codes",
        ["kind", "id"],
        sqlite_where=sa.text("taken_at IS NULL"),
        postgresql_where=sa.text("taken_at IS NULL"),
    )
    op.create_table(
        "voucher_changes",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("change", KEY, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("enrolment_id", sa.BigInteger(), nullable=True),
        sa.Column("step", KEY, nullable=True),
        sa.Column("iteration", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_voucher_changes"),
        sa.UniqueConstraint("enrolment_id", "step", "iteration", name="uq_voucher_changes_enrolment_id_step_iteration"),
    )
    op.create_index("ix_voucher_changes_code", "voucher_changes", ["code"])
    op.create_table(
        "points",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("change", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("enrolment_id", sa.BigInteger(), nullable=True),
        sa.Column("step", KEY, nullable=True),
        sa.Column("iteration", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_points"),
        sa.UniqueConstraint("enrolment_id", "step", "iteration", name="uq_points_enrolment_id_step_iteration"),
    )
    op.create_index("ix_points_customer_id_id", "points", ["customer_id", "id"])
    op.create_index(
        "ix_points_lapsing",
        "points",
        ["expires_at"],
        sqlite_where=sa.text("remaining > 0"),
        postgresql_where=sa.text("remaining > 0"),
    )
