"""The stop for contents: a playbook whose mails are refused for what they say, or for who sends them, is held."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from engine.store.brakes import hold_playbook
from engine.store.ledger import outbox

#: So many refusals, of so large a share of the messages meanwhile.
FEWEST, SHARE = 20, Fraction(3, 100)
_KEPT = 200
_CAUSES = frozenset({"content", "policy"})


class Refusals:
    """When the last ones were, by playbook. Forgotten with the program: what goes on being refused is soon known again."""

    def __init__(self) -> None:
        self._last: dict[str, deque[datetime]] = {}

    def watch(self, connection: sa.Connection, moves: Sequence[Mapping[str, Any]], now: datetime) -> None:
        """Counts the refusals among outcomes, and holds the playbooks that have too many."""
        refused = [move["playbook"] for move in moves if move.get("cause") in _CAUSES]
        for playbook in refused:
            self._last.setdefault(playbook, deque(maxlen=_KEPT)).append(now)
        for playbook in dict.fromkeys(refused):
            if len(self._last[playbook]) >= FEWEST:
                self._stop(connection, playbook, now)

    def _stop(self, connection: sa.Connection, playbook: str, now: datetime) -> None:
        last = self._last[playbook]
        enough = int(len(last) / SHARE)  # sent beside them: then they are few
        sent = sa.select(outbox.c.id).where(outbox.c.playbook == playbook, outbox.c.sent_at >= last[0])
        some = sent.limit(enough).subquery()
        taken = connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
        share = Fraction(len(last), len(last) + taken)
        if share < SHARE:
            return
        told = (
            f"{len(last)} of the last {len(last) + taken} messages were refused for what they say or who sends them"
            f" ({float(100 * share):.1f}%; the brake is at {float(100 * SHARE):g}%)"
        )
        hold_playbook(connection, playbook, "sends", told, now, cause="content")
        last.clear()
