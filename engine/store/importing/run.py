"""Runs one import: reads rows, writes them in batches, one transaction each, and counts what came of them."""

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from engine.failpoints import reach
from engine.store.faults import in_plain_words
from engine.store.importing.columns import FieldError, read_row
from engine.store.importing.header import REJECTED_COLUMNS, is_of_rejected, read_header
from engine.store.importing.kind import Kind, Reading
from engine.store.importing.kinds import KINDS
from engine.store.importing.rejects import Rejects
from engine.store.importing.shared import SHARED, shared_addresses
from engine.store.importing.text import Record, Records, Refused, check_text, unreadable
from engine.store.ingest.written import Row, Written
from engine.store.many import BATCH

#: Called after each batch: rows done, bytes done, bytes in all.
Progress = Callable[[int, int, int], None]


@dataclass(frozen=True)
class ImportReport:
    """What came of a file. `read` is the sum of the four counts after it."""

    file: str
    kind: str
    read: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    rejected_file: Path | None  # there, with line, column and reason, when anything was rejected
    warnings: Mapping[str, int]  # what was read otherwise than written, and how often


def import_csv(
    engine: sa.Engine, kind: str, path: Path, reading: Reading, progress: Progress | None = None
) -> ImportReport | tuple[Refused, ...]:
    """Imports a file of a kind of `KINDS`. A file that cannot be read as a whole is refused before anything is written.

    Rows go in by batches; after a fault (`StoreError`) or a kill, the same file once more completes what was begun,
    since a row that is stored already changes nothing. A key that comes twice in the file is rejected the second time.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        return (unreadable(str(path), error),)
    with file:
        return import_open(engine, kind, path, file, reading, progress)


def import_open(
    engine: sa.Engine, kind: str, path: Path, file: BinaryIO, reading: Reading, progress: Progress | None = None
) -> ImportReport | tuple[Refused, ...]:
    """The same with a file that is open already; `path` is its name, and where its rejected rows go beside it."""
    try:
        refused = check_text(file, str(path))
        file.seek(0)
    except OSError as error:
        refused = unreadable(str(path), error)
    if refused is not None:
        return (refused,)
    with closing(_Keys()) as keys:
        records = Records(file)
        found = read_header(KINDS[kind], str(path), records.first_line(), reading)
        if isinstance(found, list):
            return tuple(found)
        records.delimiter, header = found
        one = _Import(engine, KINDS[kind], header, reading, Rejects(path, _own(header)), keys)
        try:
            one.run(records, os.fstat(file.fileno()).st_size, progress or (lambda *_: None))
            if kind == "customers" and "email" in one.header and one.done.touched:
                with in_plain_words():
                    one.done.warn(SHARED, shared_addresses(engine))
        except BaseException:
            one.rejects.drop()
            raise
        return one.report(str(path))


def _own(header: Sequence[str]) -> list[str]:
    return list(header[len(REJECTED_COLUMNS) :] if is_of_rejected(list(header)) else header)


class _Import:
    def __init__(
        self, engine: sa.Engine, kind: Kind, header: Sequence[str], reading: Reading, rejects: Rejects, keys: "_Keys"
    ) -> None:
        self.engine, self.kind, self.reading, self.rejects, self.keys = engine, kind, reading, rejects, keys
        self.skip = len(header) - len(_own(header))
        self.header = _own(header)
        self.done = Written()
        self.read = 0

    def run(self, records: Records, size: int, progress: Progress) -> None:
        rows = iter(records)
        while batch := list(islice(rows, BATCH)):
            self.read += len(batch)
            self._write(self._read(batch))
            progress(self.read, records.bytes_done, size)

    def report(self, file: str) -> ImportReport:
        done, rejected_file = self.done, self.rejects.keep()
        counts = (self.read, done.new, done.changed, done.unchanged, self.rejects.count)
        return ImportReport(file, self.kind.name, *counts, rejected_file, done.warnings)

    def _read(self, batch: Sequence[Record]) -> list[tuple[Record, Row]]:
        good: list[tuple[Record, Row]] = []
        for record in batch:
            fields = record.fields[self.skip :] if record.torn is None else record.fields
            own = Record(record.line, fields, record.torn)
            try:
                if own.torn is not None:
                    raise FieldError("", own.torn)
                row, warnings = read_row(self.kind, self.header, fields, self.reading)
            except FieldError as error:
                self.rejects.add(own, error.column, str(error))
                continue
            for text in warnings:
                self.done.warn(text)
            good.append((own, row))
        return self._first_of_each_key(good)

    def _first_of_each_key(self, rows: Sequence[tuple[Record, Row]]) -> list[tuple[Record, Row]]:
        keyed = [("\0".join(str(row[name]) for name in self.kind.key), record.line) for record, row in rows]
        first = self.keys.first_lines(keyed)
        kept = []
        for (record, row), (key, line) in zip(rows, keyed, strict=True):
            if first[key] == line:
                kept.append((record, row))
            else:
                self.rejects.add(record, self.header[0], f"the same row as in line {first[key]}, by its key")
        return kept

    def _write(self, rows: Sequence[tuple[Record, Row]]) -> None:
        if not rows:
            return
        with in_plain_words(), self.engine.connect() as connection, connection.begin() as transaction:
            done = self.kind.put(connection, [row for _, row in rows], self.reading.now)
            if not done.touched:
                transaction.rollback()  # the same again leaves no trace at all
        reach("import.batch")
        self.done.add(done)
        for rejected in done.rejected:
            self.rejects.add(rows[rejected.index][0], rejected.column, rejected.reason)


class _Keys:
    """The keys that a file has had so far, with their lines; on disk once they are many, so that any file fits."""

    def __init__(self) -> None:
        self._table = sqlite3.connect("")
        self._table.execute("CREATE TABLE keys (key TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")

    def first_lines(self, keyed: Sequence[tuple[str, int]]) -> dict[str, int]:
        """The line where each of the keys came first."""
        self._table.executemany("INSERT OR IGNORE INTO keys VALUES (?, ?)", keyed)
        lines = "SELECT line FROM keys WHERE key = ?"
        return {key: self._table.execute(lines, (key,)).fetchone()[0] for key, _ in keyed}

    def close(self) -> None:
        self._table.close()
