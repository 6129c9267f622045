"""The evidence for consent: every answer of a customer, in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.store.customers import consent_log, consents

_KEY = ("channel", "topic", "given", "at")
_Rows = Mapping[tuple[Any, ...], Mapping[str, Any]]


def answers(connection: sa.Connection, customer: str, zone: ZoneInfo, channel: str | None = None) -> list[str]:
    """The answers in their order, each with when, how and where from; the one that holds is marked."""
    held, kept = (_of(connection, table, customer, channel) for table in (consents, consent_log))
    holds = {_told(one, kept) for one in held}
    every = {**{one: row for one, row in held.items() if one in holds}, **kept}
    order = sorted(every, key=lambda one: (one[3], one[:2], one[2]))
    return [_line(every[one], zone) + ("  holds" if one in holds else "") for one in order]


def _of(connection: sa.Connection, table: sa.Table, customer: str, channel: str | None) -> _Rows:
    mine = [table.c.customer_id == customer, *([table.c.channel == channel] if channel else [])]
    found = connection.execute(sa.select(table).where(*mine)).mappings()
    return {_named(row): row for row in map(dict, found)}


def _named(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)


def _told(one: tuple[Any, ...], kept: _Rows) -> tuple[Any, ...]:
    """The answer on record that an answer which holds stands for: that of a clock ahead of ours counts since it came."""
    if one in kept:
        return one
    ahead = (key for key, row in kept.items() if key[:3] == one[:3] and row["at"] > row["recorded_at"] == one[3])
    return max(ahead, key=lambda key: key[3], default=one)


def _line(row: Mapping[str, Any], zone: ZoneInfo) -> str:
    word = "agreed to" if row["given"] else "withdrew"
    topic = "every topic" if row["topic"] == "*" else row["topic"]
    source = f" ({row['source']})" if row["source"] else ""
    at, came = shown(row["at"], zone), shown(row.get("recorded_at", row["at"]), zone)
    since = f"  counts since {came}" if came < at else ""
    return f"{at}  {word} {row['channel']}, {topic}: {row['how']}{source}{since}"


def shown(at: datetime, zone: ZoneInfo) -> str:
    """A time as answers tell it."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
