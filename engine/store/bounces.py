"""What came back of mails: every report once, with what it changed; for a month also what was none, with a piece of it."""

from typing import Any

import sqlalchemy as sa

from engine.store.customers import metadata
from engine.store.types import Instant, Key

#: The words of the partial indexes; a query must use the very same to be led to it.
IGNORED = "kind = 'ignored'"
COMPLAINTS = "kind = 'complained'"


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


reports = sa.Table(
    "reports",
    metadata,
    sa.Column("digest", Key, primary_key=True),  # of the whole mail: the same again is the same report
    sa.Column("at", Instant, nullable=False),
    sa.Column("kind", Key, nullable=False),  # see engine/bounces/report
    sa.Column("message_id", sa.BigInteger),  # empty for what was ignored
    sa.Column("status", Key),  # `5.1.1`
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("excerpt", sa.Text),  # the beginning of a mail that was ignored, for a person to look at
    sa.Index("ix_reports_message_id", "message_id"),
    sa.Index("ix_reports_complaints", "message_id", **_where(COMPLAINTS)),
    sa.Index("ix_reports_ignored", "at", **_where(IGNORED)),
    sqlite_with_rowid=False,
)
