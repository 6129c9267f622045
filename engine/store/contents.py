"""The contents of messages as they were first written, for as long as the same bytes may have to go again."""

import sqlalchemy as sa

from engine.store.customers import metadata
from engine.store.types import Instant, Key

contents = sa.Table(
    "contents",
    metadata,
    sa.Column(
        "message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False
    ),
    sa.Column("sender", Key, nullable=False),
    sa.Column("recipient", Key, nullable=False),
    sa.Column("language", Key),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("hash", Key, nullable=False),  # of the content (SHA-256)
    sa.Column("at", Instant, nullable=False),
)
