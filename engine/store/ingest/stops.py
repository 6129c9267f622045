"""Customers who ask to be left alone: an answer such as STOP takes back the consent for its channel."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from engine.store.ingest.consents import record_answers
from engine.store.ingest.written import Row

STOPPED: Final = "message.stopped"

_CHANNELS = ("email", "sms", "chat")


def refusal(row: Row) -> str | None:
    """Why such an event says nothing; None where it does."""
    channel = row["payload"].get("channel")
    return None if channel in _CHANNELS else f"`{STOPPED}` needs `channel`: {', '.join(_CHANNELS)}"


def stop(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> None:
    """Takes back the consents, from the next message on; a consent that was given later than the answer stands."""
    said = [
        {
            "customer_id": row["customer_id"], "channel": row["payload"]["channel"], "topic": "*", "given": False,
            "at": row["occurred_at"], "how": "answer", "source": row["id"],
        }
        for row in sorted(rows, key=lambda row: row["occurred_at"])
        if row["name"] == STOPPED
    ]  # fmt: skip
    if said:
        record_answers(connection, said, now)
