"""What came of rows that were to be written: how many were new, changed or there already, and which were refused."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from engine.store.many import BATCH

#: A row by the names of the columns it gives; a column that it does not name is left as it is.
Row = Mapping[str, Any]

#: A row and its number among the rows given.
Numbered = tuple[int, Row]

#: How far the clock of another system may go ahead of ours.
_AHEAD = timedelta(days=1)

T = TypeVar("T")


@dataclass(frozen=True)
class Rejected:
    """A row that was not written: its number among the rows given (from 0), the column at fault, and why."""

    index: int
    column: str
    reason: str


@dataclass
class Written:
    """Counts of rows by what came of them."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)  # what was done otherwise than asked, and how often

    @property
    def touched(self) -> bool:
        """Whether anything was written."""
        return bool(self.new or self.changed)

    def count(self, given: Iterable[str], known: set[str], written: set[str]) -> None:
        """Counts rows by their keys: those `written`, of which some were `known` before."""
        keys = set(given)
        self.new += len(keys & written - known)
        self.changed += len(keys & written & known)
        self.unchanged += len(keys - written)

    def add(self, other: "Written", offset: int = 0) -> None:
        """Adds the counts of rows that began at `offset`."""
        self.new += other.new
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.rejected += [Rejected(one.index + offset, one.column, one.reason) for one in other.rejected]
        for text, times in other.warnings.items():
            self.warn(text, times)

    def warn(self, text: str, times: int = 1) -> None:
        """Notes that something was done otherwise than asked."""
        if times:
            self.warnings[text] = self.warnings.get(text, 0) + times


def batches(rows: Sequence[T]) -> Iterator[tuple[int, Sequence[T]]]:
    """Slices of at most `BATCH` rows, each with its offset."""
    for offset in range(0, len(rows), BATCH):
        yield offset, rows[offset : offset + BATCH]


def not_of_the_future(
    rows: Iterable[Numbered], columns: Sequence[str], now: datetime, done: Written
) -> Iterator[Numbered]:
    """The rows without those that say of something to come that it has happened."""
    for index, row in rows:
        late = [name for name in columns if row.get(name) is not None and row[name] > now + _AHEAD]
        if late:
            done.rejected.append(Rejected(index, late[0], f"{row[late[0]]:%Y-%m-%d %H:%M} UTC lies in the future"))
        else:
            yield index, row


def once(rows: Iterable[Numbered], key: str, what: str, done: Written) -> list[Numbered]:
    """The rows without repetitions of a key: the same again is left out, something else under the key is refused."""
    first: dict[Any, Row] = {}
    kept = []
    for index, row in rows:
        if row[key] not in first:
            first[row[key]] = row
            kept.append((index, row))
        elif first[row[key]] == row:
            done.unchanged += 1
        else:
            done.rejected.append(Rejected(index, key, f"{what} `{row[key]}` stands twice, with different values"))
    return kept


def alike(rows: Iterable[Row]) -> list[list[Row]]:
    """The rows in groups that name the same columns, so that one statement writes a group."""
    groups: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        groups.setdefault(frozenset(row), []).append(row)
    return list(groups.values())
