"""What sources told over HTTP: for each event its id there and a hash of what was said, so that a repeat is known as one."""

import sqlalchemy as sa

from engine.store.customers import metadata
from engine.store.types import Instant, Key

#: Written with the event itself, and kept also where the event became something else, such as an order.
receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("source", Key, nullable=False),
    sa.Column("event_id", Key, nullable=False),  # as the source numbers its events
    sa.Column("hash", Key, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("customer_id", Key),  # of whom was told; of goods, and before this was kept, nobody
    sa.PrimaryKeyConstraint("source", "event_id"),
    sa.Index("ix_receipts_received_at", "received_at"),
    sqlite_with_rowid=False,
)
