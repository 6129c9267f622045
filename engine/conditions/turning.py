"""When the answer of a condition may change for one record, although nothing is written."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.conditions.python import Record, value_of
from engine.conditions.sources import bound_moment
from engine.conditions.thresholds import Threshold
from engine.conditions.tree import Moved, Tree, within

#: How often a condition is looked at where nothing says when it changes: a metric does when rows leave its window.
LOOK_AGAIN: Final = timedelta(hours=6)
_NOWHERE: Final = sa.null()


def turns_at(
    tree: Tree, record: Record, now: datetime, zone: ZoneInfo, segments: Mapping[str, Tree]
) -> datetime | None:
    """The next instant after `now` at which time alone may change the answer; None where only data can."""
    return min((at for at in _turns(tree, record, now, zone, segments) if at > now), default=None)


def _turns(
    tree: Tree, record: Record, now: datetime, zone: ZoneInfo, segments: Mapping[str, Tree]
) -> Iterator[datetime]:
    for node in within(tree, segments):
        yield from _lapsing(node, record)
        if any(mention.field.metric is not None for mention in node.mentions):
            yield now + LOOK_AGAIN
        if isinstance(node, Moved) and node.moment.moves:
            value = value_of(node.mention, record)
            if value is not None:
                bound = bound_moment(node.mention.field, node.moment)[1]
                kept = datetime.fromisoformat(value).date() if isinstance(value, str) else value
                yield Threshold("", _NOWHERE, _NOWHERE, bound, node.side == "before").crossing_of(kept, zone)


def _lapsing(node: Tree, record: Record) -> Iterator[datetime]:
    """A voucher, or a record like it, lapses when its own end comes; only then is its state written anew."""
    for mention in node.mentions:
        end = record.get(mention.scope, {}).get("expires_at") if mention.field.name == "state" else None
        if isinstance(end, datetime):
            yield end
