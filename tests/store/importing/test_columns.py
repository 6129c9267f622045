"""A file may lack any column that is not required, also one that tells its rows apart."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.store.customers import metadata
from engine.store.importing import ImportReport, Reading, import_csv
from tests.store.rows import add_customers


@pytest.mark.parametrize(
    ("kind", "text", "column", "meant"),
    [
        ("suppressions", "address,reason\nmei@example.com,asked\n", "channel", "email"),
        ("consents", "customer,channel,given,at,how\nmei,email,yes,2026-01-01,form\n", "topic", "*"),
    ],
)
def test_a_column_that_is_not_there_counts_as_empty(
    store: sa.Engine, now: datetime, tmp_path: Path, kind: str, text: str, column: str, meant: str
) -> None:
    add_customers(store, now, "mei")
    path = tmp_path / "rows.csv"
    path.write_text(text)
    for new in (1, 0):
        done = import_csv(store, kind, path, Reading(2, ZoneInfo("UTC"), now))
        assert isinstance(done, ImportReport)
        assert (done.new, done.unchanged, done.rejected) == (new, 1 - new, 0)
    with store.connect() as connection:
        assert connection.scalars(sa.select(metadata.tables[kind].c[column])).all() == [meant]
