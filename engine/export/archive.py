"""Writes an export as one ZIP file: it has its name only when it is whole, and only its owner may read it."""

import csv
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.export.known import Known
from engine.export.page import page
from engine.failpoints import reach
from engine.whole import Whole

#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_READ_ME = """\
index.html       everything on one page
*.json           the same for programs, a file for each topic
tables/*.csv     the same for spreadsheets; a text that a spreadsheet would take for a formula begins with '
letters/*.eml    mails as they left, as far as they are kept
"""


def file_name(customer: str) -> str:
    """A name for the archive; whatever stands in an id, it is a file of this folder."""
    return f"regulars-export-{re.sub(r'[^A-Za-z0-9_-]', '_', customer)[:80]}.zip"


def write_archive(known: Known, path: Path) -> None:
    """Writes the archive. A program that is killed meanwhile leaves what was there before. Raises `OSError`."""
    whole = Whole(path)
    try:
        with whole.begin() as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in _files(known):
                    archive.writestr(zipfile.ZipInfo(name, known.at.timetuple()[:6]), content)
                    reach("export.half")
            file.flush()
            os.fsync(file.fileno())
        whole.keep()
    except Exception:
        whole.drop()
        raise


def _files(known: Known) -> Iterator[tuple[str, bytes]]:
    yield "README.txt", _READ_ME.encode()
    yield "index.html", page(known).encode()
    topics = {"customer": known.fields, "messages": known.messages, "why": known.reasons, **known.tables}
    for name, value in {**topics, **{f"events-{name}": rows for name, rows in known.events.items()}}.items():
        file = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
        yield f"{file}.json", json.dumps(value, ensure_ascii=False, indent=1).encode()
        if isinstance(value, Sequence) and value:
            yield f"tables/{file}.csv", _csv(value).encode()
    for name, content in known.letters.items():
        yield f"letters/{name}", content


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    written = io.StringIO()
    to = csv.DictWriter(written, list(rows[0]), lineterminator="\r\n")
    to.writeheader()
    to.writerows({name: neutral(value) for name, value in row.items()} for row in rows)
    return written.getvalue()


def neutral(value: Any) -> Any:
    """A value for a cell: no text of a customer becomes a formula. Numbers stay numbers."""
    if isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
