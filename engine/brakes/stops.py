"""The stop: a playbook whose messages bounce, or are complained of, too often is held until a person has looked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from engine.brakes.ceilings import brakes_of
from engine.clocks.times import EARLIEST
from engine.shop import Shop
from engine.store.bounces import COMPLAINTS, reports
from engine.store.brakes import hold_playbook, holds
from engine.store.ledger import outbox

#: A rate is one of at least so many messages, and of the last ones of each kind.
FEWEST = 50
LAST_BOUNCES, LAST_COMPLAINTS = 200, 1000
COMPLAINED = "message.complained"
#: How the ids of those events begin that a report of one certain message made: it is counted there, and not once more.
REPORTED = "report/"
BOUNCED = "message.bounced"


@dataclass(frozen=True)
class Figures:
    """So many bad ones among the last messages."""

    bad: int
    handed: int

    def reach(self, share: Fraction | None) -> bool:
        """Whether the brake takes hold."""
        return share is not None and self.handed >= FEWEST and Fraction(self.bad, self.handed) >= share

    def told(self, what: str, share: Fraction | None) -> str:
        """The reason, with its figures."""
        rate = 100 * self.bad / self.handed
        brake = float(100 * (share or 0))
        return f"{self.bad} of the last {self.handed} messages {what} ({rate:.1f}%; the brake is at {brake:g}%)"


def stop_where_needed(connection: sa.Connection, shop: Shop, playbooks: Iterable[str], now: datetime) -> None:
    """Holds the sends of those playbooks that are over their rates."""
    for playbook in sorted(set(playbooks)):
        own, everywhere = brakes_of(shop, playbook), shop.settings.brakes
        bounces, complaints = own.bounces or everywhere.bounces, own.complaints or everywhere.complaints
        if bounces is not None:
            figures = _bounces(connection, shop, playbook, now)
            if figures.reach(bounces):
                told = figures.told("bounced", bounces)
                hold_playbook(connection, playbook, "sends", told, now, cause="bounces")
        if complaints is not None:
            figures = _complaints(connection, shop, playbook, now)
            if figures.reach(complaints):
                told = figures.told("were complained of", complaints)
                hold_playbook(connection, playbook, "sends", told, now, cause="complaints")


def _released(connection: sa.Connection, playbook: str, cause: str) -> datetime | None:
    """When a person last let it go: what was before has been looked at."""
    latest = sa.select(sa.func.max(holds.c.released_at, type_=holds.c.released_at.type))
    found: datetime | None = connection.execute(
        latest.where(holds.c.playbook == playbook, holds.c.cause == cause)
    ).scalar()
    return found


def _bounces(connection: sa.Connection, shop: Shop, playbook: str, now: datetime) -> Figures:
    since = _released(connection, playbook, "bounces")
    if not _any_bounced(connection, shop, playbook, since or EARLIEST, now):
        return Figures(0, 0)  # a rate of nothing; the last messages need not be read
    moments = []
    for column, bad in ((outbox.c.sent_at, False), (outbox.c.bounced_at, True)):
        later = [column > since] if since is not None else []
        later += [] if bad else [outbox.c.bounced_at.is_(None)]  # one that came back is one message
        found = sa.select(column).where(outbox.c.playbook == playbook, column.is_not(None), *later)
        last = connection.execute(found.order_by(column.desc()).limit(LAST_BOUNCES)).scalars()
        moments += [(at, bad) for at in last]
    last_ones = sorted(moments, reverse=True)[:LAST_BOUNCES]
    told = _told_of(connection, shop, BOUNCED, playbook, last_ones[-1][0], now) if last_ones else 0
    return Figures(sum(bad for _, bad in last_ones) + told, len(last_ones))


def _any_bounced(connection: sa.Connection, shop: Shop, playbook: str, since: datetime, now: datetime) -> bool:
    bounced = (outbox.c.playbook == playbook, outbox.c.bounced_at.is_not(None), outbox.c.bounced_at > since)
    some: sa.Select[Any] = sa.select(sa.literal_column("1")).where(*bounced).limit(1)
    found = connection.execute(some).first()
    known = BOUNCED in shop.catalogue.events
    return found is not None or (known and shop.facts.any_happened(connection, BOUNCED, since, now))


def _complaints(connection: sa.Connection, shop: Shop, playbook: str, now: datetime) -> Figures:
    since = _released(connection, playbook, "complaints")
    later = [outbox.c.sent_at > since] if since is not None else []
    sent = sa.select(outbox.c.sent_at).where(outbox.c.playbook == playbook, outbox.c.sent_at.is_not(None), *later)
    last = sent.order_by(outbox.c.sent_at.desc()).limit(LAST_COMPLAINTS).subquery("last")
    oldest = sa.func.min(last.c.sent_at, type_=outbox.c.sent_at.type)
    handed, first = connection.execute(sa.select(sa.func.count(), oldest).select_from(last)).one()
    if not handed:
        return Figures(0, 0)
    return Figures(
        _told_of(connection, shop, COMPLAINED, playbook, first, now) + _reported(connection, playbook, first), handed
    )


def _reported(connection: sa.Connection, playbook: str, oldest: datetime) -> int:
    """Messages since then of which a report says that they were complained of."""
    complained: sa.ColumnElement[bool] = sa.literal_column(COMPLAINTS)
    mine = (outbox.c.playbook == playbook, outbox.c.sent_at >= oldest, complained)
    found = sa.select(sa.func.count(sa.distinct(outbox.c.id))).join_from(
        reports, outbox, outbox.c.id == reports.c.message_id
    )
    return connection.execute(found.where(*mine)).scalar_one()


def _told_of(connection: sa.Connection, shop: Shop, event: str, playbook: str, oldest: datetime, now: datetime) -> int:
    """Events about messages: each speaks of the last message that its customer had got by then."""
    if event not in shop.catalogue.events or not shop.facts.any_happened(connection, event, oldest, now):
        return 0  # on most days nobody complains, and it is not asked of whom
    sent = sa.select(outbox.c.customer_id).where(outbox.c.playbook == playbook, outbox.c.sent_at >= oldest).distinct()
    ids = list(connection.execute(sent).scalars())
    happened = {
        customer: [one for one in events if not one[2].startswith(REPORTED)]
        for customer, events in shop.facts.happened(connection, event, ids, oldest, now).items()
    }
    if not any(happened.values()):
        return 0
    columns = (outbox.c.customer_id, outbox.c.sent_at, outbox.c.playbook)
    told = sa.select(*columns).where(outbox.c.customer_id.in_(sorted(happened)), outbox.c.sent_at >= oldest)
    messages = sorted(tuple(row) for row in connection.execute(told))
    meant = set()
    for customer, events in happened.items():
        for at, *_ in events:
            before = [one for one in messages if one[0] == customer and one[1] <= at]
            if before and before[-1][2] == playbook:
                meant.add(before[-1])
    return len(meant)
