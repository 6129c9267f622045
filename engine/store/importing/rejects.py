"""The file of rejected rows, beside the file that was imported: what is wrong, and the row as it was."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from engine.store.faults import StoreError
from engine.store.importing.header import REJECTED_COLUMNS
from engine.store.importing.text import Record
from engine.whole import Whole, fitting

_LONGEST_RAW = 1_000


class Rejects:
    """Writes rejected rows as they come; the file gets its name when it is whole, and exists only if it has rows.

    It may lie in a folder into which others write, so that a link under its name leads nowhere.
    """

    def __init__(self, imported: Path, header: Sequence[str]) -> None:
        self.path = imported.with_name(fitting(imported.name, ".rejected.csv", beside=".part"))
        self.count = 0
        self._whole = Whole(self.path)
        self._header = header
        self._file: TextIO | None = None

    def add(self, record: Record, column: str, reason: str) -> None:
        """Adds one row. The fields are written as they were, also those that a spreadsheet would take for a formula."""
        with self._in_plain_words():
            if self._file is None:
                self._file = io.TextIOWrapper(self._whole.begin(), encoding="utf-8", newline="")
                csv.writer(self._file).writerow([*REJECTED_COLUMNS, *self._header])
            fields = [field[:_LONGEST_RAW] for field in record.fields]
            csv.writer(self._file).writerow([record.line, column, reason, *fields])
        self.count += 1

    def keep(self) -> Path | None:
        """Gives the file its name, when the import came to its end; without rows, takes away that of an earlier one."""
        with self._in_plain_words():
            if self._file is None:
                self.path.unlink(missing_ok=True)
                return None
            self._file.close()
            self._whole.keep()
            return self.path

    def drop(self) -> None:
        """Leaves none, after a fault; that fault is what is told, whatever this one meets."""
        with suppress(OSError):
            if self._file is not None:
                self._file.close()
        with suppress(OSError):
            self._whole.drop()

    @contextmanager
    def _in_plain_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be written", f"make room or grant the right ({error.strerror})"
            ) from error
