"""How far a store had come, noted beside its file: one that has come less far was put back from a backup."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from engine.store.brakes import EVERYTHING, hold_playbook
from engine.store.dialect import horizon, next_position

#: The cause of the hold; a person releases it.
BACKUP = "backup"
_TOLD = (
    "the store is older than it was when it was last used: a backup was put back. What was sent since is not on record"
    " and would go once more; look at what waits, then release it"
)
#: Seconds between two notes while there is work.
_APART = 10.0


@dataclass
class Mark:
    """The file beside the store. Where it cannot be written nothing is noted, and nothing else is the worse for it."""

    path: Path
    _noted: float | None = None

    @classmethod
    def beside(cls, url: sa.URL) -> "Mark | None":
        """That of a store that is a file; of any other nobody outside of it knows how far it had come."""
        if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
            return None
        return cls(Path(f"{url.database}.mark"))

    def look(self, store: sa.Engine, now: datetime) -> bool:
        """Holds everything where the store has come less far than is noted; says whether it has."""
        with store.connect().execution_options(reading=True) as connection:
            back = horizon(connection) < self._read()
        if back:
            with store.begin() as connection:
                hold_playbook(connection, EVERYTHING, "all", _TOLD, now, cause=BACKUP)
        self.note(store)  # once is enough: the hold stands in the store itself
        return back

    def note(self, store: sa.Engine, elapsed: float | None = None) -> None:
        """Notes how far it has come, after work was done; within some seconds of the last note, nothing."""
        if elapsed is not None and self._noted is not None and 0 <= elapsed - self._noted < _APART:
            return
        self._noted = elapsed
        with store.begin() as connection:
            position = next_position(connection)  # work that takes no position of its own counts too
        fresh = self.path.with_name(f"{self.path.name}.new")
        with suppress(OSError):
            fresh.write_text(f"{position}\n")
            fresh.replace(self.path)

    def _read(self) -> int:
        try:
            return int(self.path.read_text())
        except (OSError, ValueError):
            return 0
