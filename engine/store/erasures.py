"""What was erased: when and how much, and nothing by which a person could be found."""

from typing import Final

import sqlalchemy as sa

from engine.store.customers import metadata
from engine.store.types import Document, Instant, RowId

#: How the word begins that stands in the place of a customer's id.
NOBODY: Final = "nobody-"

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("id", RowId, sa.Identity(), primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("counts", Document, nullable=False),  # table -> how many rows were deleted or emptied
    sa.Column("swept_at", Instant),  # when what was left of them in the file's free pages was overwritten
)


def unswept(connection: sa.Connection) -> int:
    """How many erasures have rows whose remains may still stand in the file."""
    left = sa.select(sa.func.count()).select_from(erasures).where(erasures.c.swept_at.is_(None))
    return connection.scalar(left) or 0
