"""The table of bounces and complaints."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.store.types import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# As this type was in this version, whatever becomes of it.
KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
WHERE = {
    "ix_reports_kept": ("at", "excerpt IS NOT NULL"),
    "ix_reports_complaints": ("message_id", "kind = 'complained'"),
}


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("digest", KEY, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("status", KEY, nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_reports"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reports_message_id", "reports", ["message_id"])
    for name, (column, where) in WHERE.items():
        op.create_index(name, "reports", [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
