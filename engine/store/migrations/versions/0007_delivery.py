"""The table of contents that may have to go again, byte for byte."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.store.types import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# As these types were in this version, whatever becomes of them.
KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "contents",
        sa.Column("message_id", ID, autoincrement=False, nullable=False),
        sa.Column("sender", KEY, nullable=False),
        sa.Column("recipient", KEY, nullable=False),
        sa.Column("language", KEY, nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("hash", KEY, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_contents"),
    )
