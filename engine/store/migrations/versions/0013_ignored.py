"""Mails that were no reports are forgotten whole after a month; the index finds them, whatever is kept of them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

IGNORED = sa.text("kind = 'ignored'")


def upgrade() -> None:
    op.drop_index("ix_reports_kept", "reports")
    op.create_index("ix_reports_ignored", "reports", ["at"], sqlite_where=IGNORED, postgresql_where=IGNORED)
