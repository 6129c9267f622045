"""Which messages their customers have opened: a sign that they arrived, and a reason not to say it again."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from engine.outgoing.outcomes import Row
from engine.shop import Shop

#: The events that say that a message was read.
OPENED = ("message.opened", "message.clicked")


def opened(shop: Shop, connection: sa.Connection, since: Sequence[tuple[Row, datetime]], now: datetime) -> set[int]:
    """The ids of those messages (rows of the outbox) that were opened at the instant beside each, or after it."""
    if not since:
        return set()
    who = {row["customer_id"] for row, _ in since}
    earliest = min(at for _, at in since)
    read = {
        (customer, fields.get("message"), at)
        for name in OPENED
        if name in shop.catalogue.events
        for customer, happened in shop.facts.happened(connection, name, who, earliest, now).items()
        for at, fields, *_ in happened
    }
    return {
        row["id"]
        for row, begins in since
        if any((customer, what) == (row["customer_id"], row["message"]) and at >= begins for customer, what, at in read)
    }
