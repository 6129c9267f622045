"""Rows are found in any text: what the csv module reads is read alike, and one torn row costs only itself."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.store.importing.text import LONGEST_LINE, Record, Records, check_text


def records(data: bytes) -> list[Record]:
    found = Records(io.BytesIO(data))
    found.first_line()
    return list(found)


FIELD = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\0"), max_size=8)


@given(st.lists(st.lists(FIELD, min_size=2, max_size=3), max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_what_was_written_is_read(rows: list[list[str]], end: str) -> None:
    rows = [row for row in rows if "".join(row).strip()]
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows(rows)
    found = records(f"a,b{end}{text.getvalue()}".encode())
    assert [record.fields for record in found] == rows


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_quote_that_never_closes_costs_one_row(end: bytes) -> None:
    found = records(end.join([b"a,b", b'1,"open', b"2,x", b'3,"good"', b"4,y"]))
    assert [(record.line, record.fields[0], record.torn is not None) for record in found] == [
        (2, '1,"open', True),
        (3, "2", False),
        (4, "3", False),
        (5, "4", False),
    ]


def test_lines_are_counted_through_quoted_line_breaks() -> None:
    found = records(b'a,b\n\n1,"x\ny"\n\n2,z')
    assert [(record.line, record.fields) for record in found] == [(3, ["1", "x\ny"]), (6, ["2", "z"])]


def test_many_open_quotes_do_not_take_long() -> None:
    found = records(b"a,b\n" + b'1,"open"x\n2,"open\n' * 3000)
    assert len(found) == 6000
    assert all(record.torn for record in found)


def test_a_line_too_long_costs_one_row() -> None:
    found = records(b"a,b\n1," + b"x" * (3 * LONGEST_LINE) + b"\n2,y\n")
    assert [(record.line, record.torn is not None) for record in found] == [(2, True), (3, False)]


@pytest.mark.parametrize(
    ("data", "line", "text"),
    [
        (b"id\nMei\nJos\xe9\n", 3, "not UTF-8.*E9"),
        ("id\nMei".encode("utf-16"), 1, "UTF-16"),
        (b"id\n" * 900_000 + b"\xff\n", 900_001, "not UTF-8"),
        (b"id\nM\xc3", 2, "not UTF-8"),
    ],
)
def test_other_encodings_are_refused_with_their_line(data: bytes, line: int, text: str) -> None:
    refused = check_text(io.BytesIO(data), "c.csv")
    assert refused is not None
    assert refused.line == line
    assert re.search(text, refused.text)


def test_utf8_with_and_without_a_mark_is_accepted() -> None:
    for data in (b"id\nMei\n", b"\xef\xbb\xbfid\nJos\xc3\xa9", b""):
        assert check_text(io.BytesIO(data), "c.csv") is None
