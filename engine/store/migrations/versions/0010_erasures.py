"""The table of erasures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.store.types import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# As these types were in this version, whatever becomes of them.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("counts", DOCUMENT, nullable=False),
        sa.Column("swept_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
