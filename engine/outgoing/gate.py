"""The engine's side of a door: letters are handed to it as they are ready, and asked about for the last time."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from engine.channels import Letter, Outcome, Retry
from engine.outgoing.letters import Composed, Failure
from engine.outgoing.outcomes import Row

#: Commits that these messages are being sent, with what is known of others by now; returns the ids of those that may go.
LastLook = Callable[[Sequence[Row]], Collection[int]]
#: Takes note of what became of a message, or that it cannot be written; recorded with the next commit.
Note = Callable[[Row, Composed | Failure, Outcome | None], None]


class OneDoor:
    """The `Gate` of one channel, for the messages of one claim."""

    def __init__(self, written: Iterable[tuple[Row, Composed | Failure]], last_look: LastLook, note: Note) -> None:
        self._written, self._last_look, self._note = iter(written), last_look, note
        self._pulled: dict[str, tuple[Row, Composed]] = {}
        self.shut: Retry | None = None  # what the door said when it took nothing more

    def letters(self) -> Iterator[Letter]:
        """The letters, each when it is asked for; what cannot be written is passed over."""
        for row, written in self._written:
            if isinstance(written, Failure):
                self._note(row, written, None)
            else:
                self._pulled[written.letter.key] = (row, written)
                yield written.letter

    def left(self) -> list[Row]:
        """The messages that the door did not ask for."""
        return [row for row, _ in self._written]

    def may_go(self, letters: Sequence[Letter]) -> set[str]:
        """The last look."""
        rows = {letter.key: self._pulled[letter.key][0] for letter in letters}
        going = self._last_look(list(rows.values()))
        refused = {key for key, row in rows.items() if row["id"] not in going}
        for key in refused:
            del self._pulled[key]
        return rows.keys() - refused

    def tell(self, letter: Letter, outcome: Outcome) -> None:
        """What became of a letter."""
        row, composed = self._pulled.pop(letter.key)
        if isinstance(outcome, Retry) and outcome.scope == "relay":
            self.shut = outcome
        self._note(row, composed, outcome)
