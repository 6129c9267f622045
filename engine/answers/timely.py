"""Whether an occasion of a customer came in time to begin a run: after the launch, and soon enough to be caught up with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.answers.evidence import shown
from engine.shop import Shop
from engine.store.ledger import enrolments, progress
from engine.workspace.playbook import Playbook

#: A line of an answer: its text, whether it holds, the customer's value, and how deep it stands.
Said = tuple[str, bool | None, str, int]
#: A moment at which a run may begin, with the occasions by which it is on record once one has.
Notice = tuple[datetime, frozenset[str]]

#: Ticks that find nothing write down only now and then how far they have looked.
_UNSEEN = "not looked at yet, as far as is on record"
_NOTHING = "it was looked at and began nothing; the other answers are those of today"


@dataclass(frozen=True)
class Timely:
    """Answers for one customer in one playbook. Of what began a run, or was refused, the record tells."""

    shop: Shop
    playbook: Playbook
    now: datetime
    sound: bool  # whether no condition of the playbook says no, so that time alone can be the reason
    stood: Any  # the row of the progress; None before the first tick
    events: frozenset[str]
    occasions: frozenset[str]

    @classmethod
    def of(
        cls, connection: sa.Connection, shop: Shop, playbook: Playbook, customer_id: str, now: datetime, *, sound: bool
    ) -> "Timely":
        """With what is on record of that customer."""
        mine = (enrolments.c.playbook == playbook.id, enrolments.c.customer_id == customer_id)
        known = connection.execute(sa.select(enrolments.c.event_id, enrolments.c.occasion).where(*mine)).all()
        stood = connection.execute(sa.select(progress).where(progress.c.playbook == playbook.id)).first()
        events, occasions = (frozenset(row[number] for row in known) for number in (0, 1))
        return cls(shop, playbook, now, sound, stood, events, occasions)

    def event(self, connection: sa.Connection, at: datetime, key: str, *, sound: bool) -> Iterator[Said]:
        """Of an event that began nothing: why, where it is a matter of time. `sound`: whether its own conditions hold."""
        if self.stood is None or key in self.events:
            return
        seen = at <= self.stood.since and self._position(connection, key) <= self.stood.position
        yield from self._line("came in time", at, seen=seen, sound=sound)

    def notices(self, found: Sequence[Notice], *, sound: bool = True) -> Iterator[Said]:
        """Of the moments at which an occasion is noticed: the last one and the next, unless one began a run."""
        past = max((one for one in found if one[0] <= self.now), key=lambda one: one[0], default=None)
        ahead = min((at for at, _ in found if at > self.now), default=None)
        if self.stood is not None and past is not None and not past[1] & self.occasions:
            yield from self._line(self._notice(past[0]), past[0], seen=past[0] <= self.stood.since, sound=sound)
        if ahead is not None:
            yield self._notice(ahead), True, "lies ahead", 1

    def _line(self, text: str, at: datetime, *, seen: bool, sound: bool) -> Iterator[Said]:
        late = self._late(at, seen=seen)
        if late:
            yield text, False, late, 1
        elif not seen:
            yield text, None, _UNSEEN, 1
        elif self.sound and sound:
            yield text, False, _NOTHING, 1

    def _late(self, at: datetime, *, seen: bool) -> str:
        """By which rules an instant is too early to begin anything."""
        catch_up, launched = self.shop.settings.limits.catch_up, self.stood.launched_at
        reasons = []
        if seen and at <= launched:
            reasons.append(f"before the playbook was launched on {self._shown(launched)}")
        if at <= catch_up.before(self.now, self.shop.settings.zone):
            reasons.append(f"longer ago than {catch_up} (`limits.catch_up`)")
        return ", and ".join(reasons)

    def _position(self, connection: sa.Connection, key: str) -> int:
        """The number of the transaction that wrote an event; where its table has none, its time alone counts."""
        event = self.shop.catalogue.events[self.playbook.trigger.event_name or ""]
        spec, table = self.shop.catalogue.tables[event.table], self.shop.catalogue.table(event.table)
        if spec.position is None:
            return -1
        mine = table.c[spec.key] == (int(key) if spec.numbered else key)
        return int(connection.execute(sa.select(table.c[spec.position]).where(mine)).scalar() or 0)

    def _notice(self, at: datetime) -> str:
        return f"moment of notice: {self._shown(at)}"

    def _shown(self, at: datetime) -> str:
        return shown(at, self.shop.settings.zone)
