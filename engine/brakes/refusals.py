"""The stop for contents: a playbook whose mails are refused for what they say or who sends them, or cannot be written, is held."""

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
#: The causes of failures that count, and what is said of them.
_REFUSED = "were refused for what they say or who sends them"
_SAID = {"content": _REFUSED, "policy": _REFUSED, "text": "could not be written"}


class Refusals:
    """When the last ones were, by playbook. Forgotten with the program: what goes on being refused is soon known again."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], deque[datetime]] = {}

    def watch(self, connection: sa.Connection, moves: Sequence[Mapping[str, Any]], now: datetime) -> None:
        """Counts the refusals among outcomes, and holds the playbooks that have too many."""
        found = [(move["playbook"], _SAID[move["cause"]]) for move in moves if move.get("cause") in _SAID]
        for one in found:
            self._last.setdefault(one, deque(maxlen=_KEPT)).append(now)
        for one in dict.fromkeys(found):
            if len(self._last[one]) >= FEWEST:
                self._stop(connection, *one, now)

    def _stop(self, connection: sa.Connection, playbook: str, said: str, now: datetime) -> None:
        last = self._last[playbook, said]
        enough = int(len(last) / SHARE)  # sent beside them: then they are few
        answered = outbox.c.sent_at >= last[0], outbox.c.state != "sending"  # of those, nobody knows yet
        sent = sa.select(outbox.c.id).where(outbox.c.playbook == playbook, *answered)
        some = sent.limit(enough).subquery()
        taken = connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
        share = Fraction(len(last), len(last) + taken)
        if share < SHARE:
            return
        told = (
            f"{len(last)} of the last {len(last) + taken} messages {said}"
            f" ({float(100 * share):.1f}%; the brake is at {float(100 * SHARE):g}%)"
        )
        hold_playbook(connection, playbook, "sends", told, now, cause="content")
        last.clear()
