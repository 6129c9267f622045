"""The tables of the brakes: holds, and canaries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.store.types import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# As these types were in this version, whatever becomes of them.
KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "canaries",
        sa.Column("playbook", KEY, nullable=False),
        sa.Column("revision", KEY, nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("playbook", "revision", name="pk_canaries"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "holds",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("playbook", KEY, nullable=False),
        sa.Column("cause", KEY, nullable=False),
        sa.Column("what", KEY, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("released_at", Instant(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
    )
    op.create_index("ix_holds_playbook_released_at", "holds", ["playbook", "released_at"])
    op.create_index(
        "uq_holds_open",
        "holds",
        ["playbook", "cause"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
