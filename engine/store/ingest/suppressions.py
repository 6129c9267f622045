"""Suppressions: addresses to which nothing goes any more, whatever the customers agreed to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.customers import suppressions
from engine.store.ingest.written import Row, Written, batches
from engine.store.many import write
from engine.store.sealed import erased_among, folded, seals


def put_suppressions(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Writes suppressions: `address`, `reason`, and `channel` (mail, if not said); one that stands keeps its reason.

    An address whose owner was erased stands as a hash already, and is not written down again.
    """
    done = Written()
    for _, batch in batches(rows):
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for row in batch:
            channel = row.get("channel") or "email"
            address = folded(channel, row["address"])
            whole = {"channel": channel, "address": address, "reason": row["reason"], "at": row.get("at") or now}
            found.setdefault((channel, address), whole)
        erased = erased_among(connection, found)
        fresh = [whole for key, whole in found.items() if key not in erased]
        written = write(connection, suppressions, fresh)
        done.count((" ".join(key) for key in found), set(), {" ".join(key) for key in written})
    return done


def lift_suppression(connection: sa.Connection, channel: str, address: str) -> bool:
    """Lets messages go to an address again; False where nothing stood against it."""
    forms = [folded(channel, address), *seals(connection, [(channel, address)])]
    mine = (suppressions.c.channel == channel, suppressions.c.address.in_(forms))
    return connection.execute(sa.delete(suppressions).where(*mine)).rowcount > 0
