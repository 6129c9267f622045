"""Customers who ask to be left alone: an answer such as STOP takes back the consent for its channel."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from engine.store.customers import consents
from engine.store.ingest.written import Row
from engine.store.many import write

STOPPED: Final = "message.stopped"

_CHANNELS = ("email", "sms", "chat")


def refusal(row: Row) -> str | None:
    """Why such an event says nothing; None where it does."""
    channel = row["payload"].get("channel")
    return None if channel in _CHANNELS else f"`{STOPPED}` needs `channel`: {', '.join(_CHANNELS)}"


def stop(connection: sa.Connection, rows: Sequence[Row]) -> None:
    """Takes back the consents, from the next message on; a consent that was given later than the answer stands."""
    said = [
        {
            "customer_id": row["customer_id"], "channel": row["payload"]["channel"], "topic": "*", "given": False,
            "at": row["occurred_at"], "how": "answer", "source": row["id"],
        }
        for row in sorted(rows, key=lambda row: row["occurred_at"])
        if row["name"] == STOPPED
    ]  # fmt: skip
    last = {(one["customer_id"], one["channel"]): one for one in said}
    if last:
        write(connection, consents, list(last.values()), ["given"], only_if=_later, also=["at", "how", "source"])


def _later(old: Any, new: Any) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = new.at >= old.at
    return found
