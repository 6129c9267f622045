"""From the bytes of a CSV file to records (RFC 4180), so that one torn row never takes its neighbours with it."""

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

#: The longest line that is read as a row, in bytes.
LONGEST_LINE = 1_000_000

#: How many lines and characters one row may span through quoted line breaks, before its quote counts as never closed.
_MOST_LINES = 100
_MOST_CHARACTERS = 100_000

_BOM = codecs.BOM_UTF8
_OTHER_BOMS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
_CHUNK = 1 << 20
SAVE_AS_UTF8 = "save it as UTF-8 (in a spreadsheet: CSV UTF-8)"


@dataclass(frozen=True)
class Refused:
    """Why a file is not imported at all; nothing was written. Line and column count from 1, `width` in characters."""

    file: str
    line: int
    rule: str
    text: str
    helps: tuple[str, ...] = ()
    column: int = 1
    width: int = 1

    def __str__(self) -> str:
        first = f"{self.file}:{self.line}:{self.column}: error[{self.rule}]: {self.text}"
        return "\n".join([first, *(f"  = help: {line}" for line in self.helps)])


@dataclass(frozen=True)
class Record:
    """One row: the line where it begins, its fields, and why it cannot be read (then the fields are the raw text)."""

    line: int
    fields: list[str]
    torn: str | None = None


def unreadable(name: str, error: OSError) -> Refused:
    """A file that the system does not let us read."""
    return Refused(name, 1, "no-file", f"the file cannot be read: {(error.strerror or str(error)).lower()}")


def check_text(file: BinaryIO, name: str) -> Refused | None:
    """Whether the whole file is UTF-8, before a row of it is written."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    while True:
        chunk = file.read(_CHUNK)
        if line == 1 and chunk[:2] in _OTHER_BOMS:
            return Refused(name, 1, "encoding", f"the file is {_OTHER_BOMS[chunk[:2]]}", (SAVE_AS_UTF8,))
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            line += chunk.count(b"\n", 0, max(0, error.start - (len(error.object) - len(chunk))))
            byte = error.object[error.start]
            return Refused(
                name, line, "encoding", f"this line is not UTF-8 (it has the byte {byte:02X})", (SAVE_AS_UTF8,)
            )
        if not chunk:
            return None
        line += chunk.count(b"\n")


class Records:
    """The rows of an open file, from its beginning. `bytes_done` tells how far it has been read."""

    def __init__(self, file: BinaryIO) -> None:
        self.bytes_done = 0
        self.delimiter = ","
        self._file = file
        self._line = 0
        self._ahead: deque[tuple[int, str | None]] = deque()  # lines read in search of a closing quote

    def first_line(self) -> str:
        """The line that names the columns."""
        text = self._next_line()[1] or ""
        return text.removeprefix(_BOM.decode())

    def __iter__(self) -> Iterator[Record]:
        while True:
            line, text = self._next_line()
            if text == "":
                return
            if text is None:
                yield Record(line, [], f"the line is longer than {LONGEST_LINE:,} bytes")
            elif text.strip():
                yield self._record(line, text)

    def _next_line(self) -> tuple[int, str | None]:
        """The next line and its number; an empty text is the end, None a line that is too long."""
        if self._ahead:
            return self._ahead.popleft()
        raw = self._file.readline(LONGEST_LINE)
        self._line += 1
        self.bytes_done += len(raw)
        if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
            self._skip_rest()
            return self._line, None
        return self._line, raw.decode("utf-8", "replace")

    def _skip_rest(self) -> None:
        raw = b"-"
        while raw and not raw.endswith(b"\n"):
            raw = self._file.readline(LONGEST_LINE)
            self.bytes_done += len(raw)

    def _record(self, line: int, first: str) -> Record:
        if '"' not in first:
            return Record(line, first.rstrip("\r\n").split(self.delimiter))
        text = first
        taken: list[tuple[int, str | None]] = []
        reason = self._parse(text)
        while isinstance(reason, str) and "unexpected end" in reason and not _too_long(text, taken):
            taken.append(self._next_line())
            following = taken[-1][1]
            if not following:
                break
            text += following
            if '"' in following:
                reason = self._parse(text)
        if isinstance(reason, list):
            return Record(line, reason)
        # A quote that never closes: this line alone is at fault, the next ones are read again.
        self._ahead.extendleft(reversed(taken))
        return Record(line, [first.rstrip("\r\n")], _torn(reason))

    def _parse(self, text: str) -> list[str] | str:
        try:
            return split(text, self.delimiter)
        except csv.Error as error:
            return str(error)


def _too_long(text: str, taken: list[tuple[int, str | None]]) -> bool:
    return len(taken) >= _MOST_LINES or len(text) > _MOST_CHARACTERS


def split(text: str, delimiter: str) -> list[str]:
    """The fields of one row. Raises `csv.Error`."""
    return next(csv.reader([text.rstrip("\r\n")], delimiter=delimiter, strict=True), [])


def _torn(reason: str) -> str:
    if "unexpected end" in reason:
        return "a quote that opens here never closes"
    if "expected after" in reason:
        return 'a quote inside a quoted field must be written twice:  ""'
    if "field limit" in reason:
        return "a field is longer than 131,072 characters"
    return f"the row cannot be read: {reason}"
