"""The engine's side of a door: hands letters over as they are ready, looks for the last time, and records what is told."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress

import sqlalchemy as sa

from engine.channels import Letter, Outcome, Retry
from engine.failpoints import reach
from engine.outgoing.book import STORE_FAULTS, Book
from engine.outgoing.letters import Composed, Failure, Later
from engine.outgoing.looks import Looks
from engine.outgoing.outcomes import Move, Row, move_of, next_try, not_again
from engine.outgoing.policy import goes_again
from engine.store.faults import StoreError

Written = Composed | Failure | Later


class OneDoor:
    """The `Gate` of one channel, for the messages of one claim.

    What is told is kept until the next commit. Where the store is away at the last look nothing more is begun, but what
    is under way comes to its end: its outcome is worth more than an early fault.
    """

    def __init__(self, book: Book, looks: Looks, rows: Sequence[Row], written: Generator[Written, None, None]) -> None:
        self._book, self._looks = book, looks
        self._rows = deque(rows)  # those whose letter was not asked for
        self._written = written
        self._pulled: dict[str, tuple[Row, Composed]] = {}
        self._late: list[Row] = []
        self._sending: set[int] = set()
        self._unfrozen: list[tuple[Row, Composed]] = []
        self._told: list[Move] = []
        self.shut: Retry | None = None  # what the door said when it took nothing more
        self.ended = False  # whether it was the engine that gave the door nothing more
        self.fault: sa.exc.DBAPIError | StoreError | None = None  # of the store, at a last look

    def letters(self) -> Iterator[Letter]:
        """The letters, each when it is asked for; what cannot be written is passed over."""
        for written in self._written:
            row = self._rows.popleft()
            if isinstance(written, Failure):
                about = {"playbook": row["playbook"], "cause": "text"}
                self._told.append({**about, **self._unsendable(row, written.reason)})
            elif isinstance(written, Later):
                self._late.append(row)
                self.shut = Retry(None, None, written.reason, "relay")
            else:
                self._pulled[written.letter.key] = (row, written)
                if not written.kept and goes_again(self._book.shop, row):
                    self._unfrozen.append((row, written))
                yield written.letter
            if self.fault is not None or self._book.is_over():
                self.ended = True
                return

    def may_go(self, letters: Sequence[Letter]) -> set[str]:
        """The last look."""
        if self.fault is not None:
            return self._refuse(letters, set())
        rows = {letter.key: self._pulled[letter.key][0] for letter in letters}
        try:
            going = self._book.send(self._looks, list(rows.values()), self._unfrozen, self._told)
        except STORE_FAULTS as fault:
            # It may be that the commit arrived and its answer did not: they are put back, whichever it was.
            self.fault = fault
            self._told += [{"id": row["id"], "state": "planned"} for row in rows.values()]
            return self._refuse(letters, set())
        self._unfrozen.clear()
        self._told.clear()
        self._sending |= going
        reach("deliver.sending")
        return self._refuse(letters, {key for key, row in rows.items() if row["id"] in going})

    def _refuse(self, letters: Sequence[Letter], but: set[str]) -> set[str]:
        for letter in letters:
            if letter.key not in but:
                del self._pulled[letter.key]
        return but

    def tell(self, letter: Letter, outcome: Outcome) -> None:
        """What became of a letter."""
        row, composed = self._pulled.pop(letter.key)
        if isinstance(outcome, Retry) and outcome.scope == "relay":
            self.shut = outcome
        now = self._book.now()
        move = move_of(self._book.shop, row, composed, outcome, now)
        self._told.append({**move, "sending": row["id"] in self._sending})
        if move["state"] in ("deferred", "uncertain") and not composed.kept:
            self._unfrozen.append((row, composed))
        reach("deliver.sent")

    def close(self) -> int:
        """Records the rest, and puts back what the door did not ask for; so many."""
        self._written.close()  # nobody waits for letters that go nowhere
        left = [*self._late, *self._rows]
        self._told += [{"id": row["id"], "state": "planned"} for row in left]
        self._book.settle(self._looks, self._unfrozen, self._told)
        reach("deliver.settled")
        return len(left)

    def fail(self, reason: str) -> None:
        """There is no such door."""
        while self._rows:
            self._told.append(self._unsendable(self._rows.popleft(), reason))

    def _unsendable(self, row: Row, reason: str) -> Move:
        if row["dup_risk"]:
            return not_again(row, reason)
        return {"id": row["id"], "state": "failed", "reason": reason, **next_try(row, self._book.now())}

    def owe(self) -> None:
        """The door failed in a way of its own: what it had told by then is recorded all the same, now or later."""
        with suppress(*STORE_FAULTS):
            self._book.settle(self._looks, self._unfrozen, self._told)
