"""Files as people and programs really make them: each is refused before anything is written, or costs its bad rows alone."""

import resource
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.store.importing import ImportReport, Reading, import_csv
from tests.store.rows import everything

HEAD = b"id,first_name,birthday,email\n"
ROW = b"mei,Mei,1990-02-28,mei@x.example\n"
EVENT = b"id,event,customer,at,total,items_count\n"

#: Customers' files: what is refused at once, by its rule; else new and rejected rows.
FILES: dict[str, tuple[bytes, str | tuple[int, int]]] = {
    "good": (HEAD + ROW, (1, 0)),
    "empty": (b"", "empty"),
    "blank": (b"\n\n\n", "empty"),
    "no rows": (HEAD, (0, 0)),
    "no last line end": (HEAD + ROW.rstrip(), (1, 0)),
    "semicolons": ((HEAD + ROW).replace(b",", b";"), (1, 0)),
    "tabs": ((HEAD + ROW).replace(b",", b"\t"), (1, 0)),
    "bars": ((HEAD + ROW).replace(b",", b"|"), "unknown-column"),
    "spaces": ((HEAD + ROW).replace(b",", b" "), "unknown-column"),
    "another delimiter below": (HEAD + ROW.replace(b",", b";"), (0, 1)),
    "byte order mark": (b"\xef\xbb\xbf" + HEAD + ROW, (1, 0)),
    "capitals": (HEAD.upper() + ROW, (1, 0)),
    "quoted header": (b'"id","first_name","birthday","email"\n' + ROW, (1, 0)),
    "ends as on old Macs": ((HEAD + ROW).replace(b"\n", b"\r"), "line-ends"),
    "ends as on Windows": ((HEAD + ROW).replace(b"\n", b"\r\n"), (1, 0)),
    "mixed ends": (HEAD + ROW.replace(b"\n", b"\r\n") + ROW.replace(b"mei", b"ana"), (2, 0)),
    "Latin-1": (HEAD + "mei,Zoë,,\n".encode("latin-1"), "encoding"),
    "Latin-1 far below": (HEAD + b"".join(b"c%d,,,\n" % n for n in range(9_000)) + b"x,\xe9,,\n", "encoding"),
    "UTF-16 little": (("\ufeff" + (HEAD + ROW).decode()).encode("utf-16-le"), "encoding"),
    "UTF-16 big": (("\ufeff" + (HEAD + ROW).decode()).encode("utf-16-be"), "encoding"),
    "UTF-16 without a mark": ((HEAD + ROW).decode().encode("utf-16-le"), "encoding"),
    "a zip": (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00\xff\xfe", "encoding"),
    "zero byte in a row": (HEAD + b"mei,M\x00ei,,\n" + ROW.replace(b"mei", b"ana"), (1, 1)),
    "zero byte in the header": (HEAD.replace(b"first", b"fi\x00rst") + ROW, "encoding"),
    "no header": (ROW, "unknown-column"),
    "no id": (b"first_name,email\nMei,\n", "missing-column"),
    "a column twice": (b"id,email,email\nmei,,\n", "duplicate-column"),
    "an unknown column": (b"id,frist_name\nmei,Mei\n", "unknown-column"),
    "a column without a name": (b"id,,email\nmei,,\n", "unknown-column"),
    "ragged: short": (HEAD + b"mei,Mei\n" + ROW.replace(b"mei", b"ana"), (1, 1)),
    "ragged: long": (HEAD + ROW.rstrip() + b",x,y\n" + ROW.replace(b"mei", b"ana"), (1, 1)),
    "a quote that never closes": (HEAD + b'mei,"Mei,,\nana,Ana,,\n', (1, 1)),
    "a quote inside": (HEAD + b'mei,"M"ei,,\nana,Ana,,\n', (1, 1)),
    "quotes written twice": (HEAD + b'mei,"M""ei",,\n', (1, 0)),
    "a line break in a field": (HEAD + b'mei,"M\nei",,\nana,Ana,,\n', (1, 1)),
    "formulas": (HEAD + b'a,"=HYPERLINK(""x"")",,\nb,+1,,\nc,-1,,\nd,@x,,\n', (4, 0)),
    "tab and carriage return": (HEAD + b'a,"\tx\ty",,\nb,"x\ry",,\n', (0, 2)),
    "days that are none": (
        HEAD + b"a,,31/02/1990,\nb,,90-02-01,\nc,,0000-00-00,\nd,,9999-01-01,\ne,,2023-02-29,\nf,,1992-02-29,\n", (1, 5),
    ),
    "addresses that are none": (
        HEAD + b'a,,,"a@b.example, e@x.example"\nb,,,nobody\nc,,,<@a:b@c.example>\nd,,,a@\ne,,,' + b"x" * 300 + b"@x.example\n",
        (0, 5),
    ),
    "an id twice": (HEAD + ROW + ROW, (1, 1)),
    "an id of 10 kB": (HEAD + b"x" * 10_000 + b",,,\n" + ROW, (1, 1)),
    "a name of 10 kB": (HEAD + b"a," + b"x" * 10_000 + b",,\n" + ROW, (1, 1)),
    "a field of 200,000": (HEAD + b'a,"' + b"x" * 200_000 + b'",,\n' + ROW, (1, 1)),
    "a line of 3 MB": (HEAD + b"a," + b"x" * 3_000_000 + b",,\n" + ROW, (1, 1)),
    "no id in a row": (HEAD + b",Mei,,\n" + ROW, (1, 1)),
    "lone delimiters": (HEAD + b",,,\n,,,\n" + ROW, (1, 2)),
    "right to left and beyond": (HEAD + "a,\u202eevil,,\nb,🎁,,\nc,' OR 1=1; --,,\nd,{{7*7}},,\n".encode(), (4, 0)),
}  # fmt: skip

#: What an amount or a number may not be.
AMOUNTS = ["NaN", "inf", "-inf", "1e400", "1e3", "0x10", "1,5", "1 000", "9" * 5_000, "1.005", "--1", "٣"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_corpus(sqlite_store: sa.Engine, tmp_path: Path, now: datetime, name: str) -> None:
    content, expected = FILES[name]
    for new in (True, False):  # the same file again changes nothing
        before = everything(sqlite_store)
        found = _load(sqlite_store, tmp_path, now, "customers", content)
        if isinstance(expected, str):
            assert not isinstance(found, ImportReport)
            assert (found[0].rule, bool(found[0].text)) == (expected, True)
        else:
            assert isinstance(found, ImportReport)
            assert (found.new, found.unchanged, found.rejected) == (
                (expected[0], 0, expected[1]) if new else (0, expected[0], expected[1])
            )
        if isinstance(expected, str) or not new:
            assert everything(sqlite_store) == before


def test_amounts_that_are_none_cost_their_rows(store: sa.Engine, tmp_path: Path, now: datetime) -> None:
    _load(store, tmp_path, now, "customers", HEAD + ROW)
    rows = [
        f'e{at},cart.updated,mei,2026-02-01,"{text}",\nn{at},cart.updated,mei,2026-02-01,,"{text}"'
        for at, text in enumerate(AMOUNTS)
    ]
    found = _load(store, tmp_path, now, "events", EVENT + "\n".join(rows).encode())
    assert isinstance(found, ImportReport)
    assert (found.new, found.rejected) == (1, 2 * len(AMOUNTS) - 1)  # 1.005 is a number, and no amount


def test_a_field_of_100_megabytes_is_passed_over_without_being_held(
    sqlite_store: sa.Engine, tmp_path: Path, now: datetime
) -> None:
    path = tmp_path / "customers.csv"
    with path.open("wb") as file:
        file.write(HEAD + b'big,"')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'",,\n' + ROW)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = import_csv(sqlite_store, "customers", path, _reading(now))
    assert isinstance(found, ImportReport)
    assert (found.new, found.rejected) == (1, 1)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


def _reading(now: datetime) -> Reading:
    return Reading(2, ZoneInfo("Europe/Berlin"), now, {"cart.updated": {"total": "money", "items_count": "number"}})


def _load(store: sa.Engine, folder: Path, now: datetime, kind: str, content: bytes) -> object:
    path = folder / f"{kind}.csv"
    path.write_bytes(content)
    return import_csv(store, kind, path, _reading(now))
