"""Suppressions: addresses to which nothing goes any more, whatever the customers agreed to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.addresses import fold_address
from engine.store.customers import suppressions
from engine.store.ingest.written import Row, Written, batches
from engine.store.many import write


def put_suppressions(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Writes suppressions: `address`, `reason`, and `channel` (mail, if not said); one that stands keeps its reason."""
    done = Written()
    for _, batch in batches(rows):
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for row in batch:
            channel = row.get("channel") or "email"
            address = fold_address(row["address"]) if channel == "email" else row["address"]
            whole = {"channel": channel, "address": address, "reason": row["reason"], "at": row.get("at") or now}
            found.setdefault((channel, address), whole)
        written = write(connection, suppressions, list(found.values()))
        done.count((" ".join(key) for key in found), set(), {" ".join(key) for key in written})
    return done


def lift_suppression(connection: sa.Connection, channel: str, address: str) -> bool:
    """Lets messages go to an address again; False where nothing stood against it."""
    folded = fold_address(address) if channel == "email" else address
    mine = (suppressions.c.channel == channel, suppressions.c.address == folded)
    return connection.execute(sa.delete(suppressions).where(*mine)).rowcount > 0
