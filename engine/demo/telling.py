"""One row that a shop's own systems tell the store, at its time; rows of a kind are written together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from engine.store.ingest import (
    Written,
    put_consents,
    put_customers,
    put_events,
    put_goods_events,
    put_order_lines,
    put_orders,
    put_products,
    put_reservations,
    put_subscriptions,
    put_suppressions,
    put_wishes,
)

_Put = Callable[[sa.Connection, Sequence[Mapping[str, Any]], datetime], Written]

#: The kinds of rows, in the order in which those told together are written: an order before its lines.
_KINDS: Final[Mapping[str, _Put]] = {
    "customers": put_customers,
    "consents": put_consents,
    "suppressions": put_suppressions,
    "products": put_products,
    "orders": put_orders,
    "order_lines": put_order_lines,
    "reservations": put_reservations,
    "subscriptions": put_subscriptions,
    "wishes": put_wishes,
    "events": put_events,
    "goods_events": put_goods_events,
}


class NotTaken(ValueError):
    """The store refused something that the demo made up."""


@dataclass(frozen=True)
class Telling:
    """A row of a kind, and when the store hears of it; `key` puts those of one moment in order."""

    at: datetime
    kind: str
    key: str
    row: Mapping[str, Any]


def in_order(tellings: Iterable[Telling]) -> list[Telling]:
    """Sorted by time."""
    return sorted(tellings, key=lambda one: (one.at, one.kind, one.key))


def write_down(connection: sa.Connection, tellings: Sequence[Telling], now: datetime) -> None:
    """Writes rows as the shop's own systems would send them. Raises `NotTaken`."""
    for kind, put in _KINDS.items():
        rows = _latest(kind, [one for one in tellings if one.kind == kind])
        written = put(connection, rows, now) if rows else Written()
        if written.rejected:
            first = written.rejected[0]
            raise NotTaken(f"{kind}: {first.reason} ({rows[first.index]})")


def _latest(kind: str, tellings: Sequence[Telling]) -> list[Mapping[str, Any]]:
    """The rows; of a thing that was told several times, what was told last."""
    if kind in ("order_lines", "consents", "suppressions"):
        return [one.row for one in tellings]
    latest: dict[str, dict[str, Any]] = {}
    for one in tellings:
        latest.setdefault(one.key, {}).update(one.row)
    return list(latest.values())
