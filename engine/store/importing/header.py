"""Reads the first line of a CSV file: which delimiter, which columns; whatever is wrong with it stops the import."""

import csv
from collections.abc import Collection
from difflib import get_close_matches

from engine.store.importing.kind import Kind, Reading
from engine.store.importing.text import SAVE_AS_UTF8, Refused, split

_DELIMITERS = (",", ";", "\t")

#: The first columns of a file of rejected rows; mended there, its rows are imported as they stand.
REJECTED_COLUMNS = ("line", "column", "reason")


def read_header(kind: Kind, name: str, line: str, reading: Reading) -> tuple[str, list[str]] | list[Refused]:
    """The delimiter and the columns, in lower case; or all that is wrong with the line."""
    if not line.strip():
        return [
            Refused(name, 1, "empty", "the file is empty", (f"the first line names the columns:  {_example(kind)}",))
        ]
    if "\0" in line:
        return [Refused(name, 1, "encoding", "the first line has zero bytes, as UTF-16 has", (SAVE_AS_UTF8,))]
    if "\r" in line.rstrip("\r\n"):
        return [
            Refused(name, 1, "line-ends", "the lines end as on old Macs", ("save the file with LF or CRLF line ends",))
        ]
    delimiter, columns = max(
        ((one, _split(line, one)) for one in _DELIMITERS),
        key=lambda pair: (len({*pair[1]} & {*kind.by_name}), len(pair[1])),
    )
    known = {*kind.by_name, *_fields(kind, reading)} if kind.payload else {*kind.by_name}
    any_field = kind.payload and reading.of(kind) is None
    data = columns[len(REJECTED_COLUMNS) :] if is_of_rejected(columns) else columns
    refused = [
        Refused(name, 1, *_unknown(column, known), column=_place(line, column), width=max(1, len(column)))
        for column in data
        if not column or (column not in known and not any_field)
    ]
    for column in sorted({column for column in data if column and data.count(column) > 1}):
        text = f"the column `{column}` stands twice"
        refused.append(Refused(name, 1, "duplicate-column", text, (), _place(line, column), len(column)))
    missing = [column.name for column in kind.columns if column.required and column.name not in data]
    if missing:
        helps = (f"the first line needs  {_example(kind)}",)
        refused.append(Refused(name, 1, "missing-column", f"no column `{'`, `'.join(missing)}`", helps))
    return refused or (delimiter, columns)


def is_of_rejected(columns: list[str]) -> bool:
    """Whether the file is one that an import wrote for the rows that it rejected."""
    return tuple(columns[: len(REJECTED_COLUMNS)]) == REJECTED_COLUMNS


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return [field.strip().lower() for field in split(line, delimiter)]
    except csv.Error:
        return [line.strip()]


def _example(kind: Kind) -> str:
    return ",".join(column.name for column in kind.columns if column.required)


def _fields(kind: Kind, reading: Reading) -> set[str]:
    declared = {name for fields in (reading.of(kind) or {}).values() for name in fields}
    return declared if kind.about_goods else {*declared, "total", "order_id"}


def _unknown(column: str, known: Collection[str]) -> tuple[str, str, tuple[str, ...]]:
    if not column:
        return "unknown-column", "a column has no name", ()
    near = get_close_matches(column, known, 1, 0.7)
    helps = (f"did you mean `{near[0]}`?",) if near else (f"columns: {', '.join(sorted(known))}",)
    return "unknown-column", f"there is no column `{column}`", helps


def _place(line: str, column: str) -> int:
    return max(0, line.lower().find(column)) + 1
