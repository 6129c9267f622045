"""Redeems vouchers by rows that name their codes: each becomes the event of its redemption."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.customers import vouchers
from engine.store.ingest.events import put_events
from engine.store.ingest.redemptions import REDEEMED
from engine.store.ingest.written import Rejected, Row, Written, batches
from engine.store.many import among


def put_redemptions(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Redeems vouchers: `code`, `at`, `order_id` where it is known. The same row again changes nothing."""
    done = Written()
    for offset, batch in batches(rows):
        codes = among(connection, vouchers.c.code, [row["code"] for row in batch])
        found = connection.execute(sa.select(vouchers.c.code, vouchers.c.customer_id).where(codes))
        owners = {code: customer for code, customer in found}
        known = [(number, row) for number, row in enumerate(batch) if row["code"] in owners]
        part = put_events(connection, [_event(row, owners[row["code"]]) for _, row in known], now)
        part.rejected = [Rejected(known[one.index][0], "code", one.reason) for one in part.rejected]
        part.rejected += [
            Rejected(number, "code", f"no voucher has the code `{row['code']}`")
            for number, row in enumerate(batch)
            if row["code"] not in owners
        ]
        done.add(part, offset)
    return done


def _event(row: Row, customer: str) -> dict[str, Any]:
    order = row.get("order_id")  # a file may have no column of it
    payload = {"code": row["code"], **({"order_id": order} if order is not None else {})}
    key = f"redeemed:{row['code']}:{order or row['at'].isoformat()}"
    return {"id": key, "name": REDEEMED, "customer_id": customer, "occurred_at": row["at"], "payload": payload}
