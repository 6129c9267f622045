"""No hostile address is taken, wherever one comes in; the answer is a sentence."""

import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.addresses import parse_address
from engine.store.customers import customers
from engine.store.importing import ImportReport, Reading, import_csv
from tests.hostile.addresses import ADDRESSES


def test_there_are_enough() -> None:
    assert len(set(ADDRESSES)) == len(ADDRESSES) >= 80


@pytest.mark.parametrize("address", ADDRESSES)
def test_is_refused_in_a_sentence(address: str) -> None:
    with pytest.raises(ValueError, match="address") as refusal:
        parse_address(address)
    assert "\n" not in str(refusal.value)
    assert "\r" not in str(refusal.value)


def test_none_is_imported_and_each_row_is_told(sqlite_store: sa.Engine, tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "customers.csv"
    writable = [one for one in ADDRESSES if one.strip() and one.isprintable() and one.isascii()]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "email"], *([f"c{n}", one] for n, one in enumerate(writable))])
    report = import_csv(sqlite_store, "customers", path, Reading(2, ZoneInfo("UTC"), now))
    assert isinstance(report, ImportReport)
    assert (report.read, report.new, report.rejected) == (len(writable), 0, len(writable))
    assert report.rejected_file is not None
    with report.rejected_file.open(newline="", encoding="utf-8") as file:
        rejected = list(csv.DictReader(file))
    assert [int(row["line"]) for row in rejected] == list(range(2, len(writable) + 2))
    assert {row["column"] for row in rejected} == {"email"}
    with sqlite_store.connect() as connection:
        assert connection.execute(sa.select(customers)).all() == []
