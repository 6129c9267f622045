"""A receipt says of whom was told: an erase finds it too where the event became an order under an id of its own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# As this type was in this version, whatever becomes of it.
KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("receipts", sa.Column("customer_id", KEY))
