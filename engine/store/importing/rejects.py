"""The file of rejected rows, beside the file that was imported: what is wrong, and the row as it was."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from engine.store.faults import StoreError
from engine.store.importing.header import REJECTED_COLUMNS
from engine.store.importing.text import Record

_LONGEST_RAW = 1_000


class Rejects:
    """Writes rejected rows as they come; the file gets its name when it is whole, and exists only if it has rows."""

    def __init__(self, imported: Path, header: Sequence[str]) -> None:
        self.path = imported.with_name(f"{imported.name}.rejected.csv")
        self.count = 0
        self._part = self.path.with_name(f"{self.path.name}.part")
        self._header = header
        self._file: TextIO | None = None

    def add(self, record: Record, column: str, reason: str) -> None:
        """Adds one row. The fields are written as they were, also those that a spreadsheet would take for a formula."""
        try:
            if self._file is None:
                self._file = self._part.open("w", encoding="utf-8", newline="")
                csv.writer(self._file).writerow([*REJECTED_COLUMNS, *self._header])
            fields = [field[:_LONGEST_RAW] for field in record.fields]
            csv.writer(self._file).writerow([record.line, column, reason, *fields])
        except OSError as error:
            raise StoreError(
                f"{self._part} cannot be written", f"make room or grant the right ({error.strerror})"
            ) from error
        self.count += 1

    def close(self, *, whole: bool) -> Path | None:
        """Gives the file its name, when the import came to its end; else leaves none."""
        if self._file is not None:
            self._file.close()
        if not whole:
            self._part.unlink(missing_ok=True)
        elif self._file is not None:
            self._part.replace(self.path)
            return self.path
        else:
            self.path.unlink(missing_ok=True)  # of an earlier import of the same file
        return None
