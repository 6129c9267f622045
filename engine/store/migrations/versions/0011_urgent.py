"""An index by which what is transactional is found before everything else that is due."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

URGENT = sa.text("state IN ('planned', 'deferred') AND purpose = 'transactional'")


def upgrade() -> None:
    op.create_index("ix_outbox_urgent", "outbox", ["due_at"], sqlite_where=URGENT, postgresql_where=URGENT)
