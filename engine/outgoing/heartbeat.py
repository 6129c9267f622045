"""The heartbeat of a worker on Postgres: while it lives, what it has in its hands is not taken for a dead one's."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.outgoing.hands import Hands
from engine.outgoing.outbox import renew

_BEAT = timedelta(seconds=15)


class Heartbeat:
    """A thread of its own, with connections of its own, so that a long wait at a door does not stop it.

    One engine alone has a SQLite file: nobody there takes it for dead.
    """

    def __init__(self, store: sa.Engine, hands: Hands, now: Callable[[], datetime]) -> None:
        self._store, self._hands, self._now = store, hands, now
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begins."""
        if self._store.dialect.name == "postgresql":
            self._thread.start()

    def stop(self) -> None:
        """Ends."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def beat(self) -> None:
        """Renews the leases of all attempts under way; the time of asking is what counts."""
        since, held = self._hands.clock(), self._hands.attempts
        if held:
            with self._store.begin() as connection:
                renew(connection, held, self._now())
            self._hands.trust([one for one in held if one in self._hands.attempts], since)

    def _run(self) -> None:
        while not self._stop.wait(_BEAT.total_seconds()):
            with suppress(sa.exc.DBAPIError):  # a lease that was not renewed is not trusted either
                self.beat()
