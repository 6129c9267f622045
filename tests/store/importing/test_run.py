"""Files of every kind go in, twice without a change; whatever is wrong with a row costs that row alone, with a reason."""

import csv
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.store.customers import customers, events, order_lines, orders
from engine.store.faults import StoreError
from engine.store.importing import ImportReport, Reading, Refused, import_csv
from engine.store.importing.kind import FieldTypes
from tests.store.rows import add_customers, everything, one

BERLIN = ZoneInfo("Europe/Berlin")


class Shop:
    """A store, and a folder with files for it."""

    def __init__(self, store: sa.Engine, folder: Path, now: datetime) -> None:
        self.store, self.folder, self.now = store, folder, now

    def load(self, kind: str, text: str | bytes, catalogue: FieldTypes | None = None) -> ImportReport:
        done = self.attempt(kind, text, catalogue)
        assert isinstance(done, ImportReport), done
        assert done.read == done.new + done.changed + done.unchanged + done.rejected
        return done

    def refuse(self, kind: str, text: str | bytes, catalogue: FieldTypes | None = None) -> tuple[Refused, ...]:
        done = self.attempt(kind, text, catalogue)
        assert isinstance(done, tuple), done
        return done

    def attempt(self, kind: str, text: str | bytes, catalogue: FieldTypes | None = None) -> Any:
        path = self.folder / f"{kind}.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return import_csv(self.store, kind, path, Reading(2, BERLIN, self.now, catalogue))

    def rejected(self, done: ImportReport) -> list[dict[str, str]]:
        assert done.rejected_file is not None
        with done.rejected_file.open(newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def shop(store: sa.Engine, tmp_path: Path, now: datetime) -> Shop:
    return Shop(store, tmp_path, now)


FILES = Path(__file__).with_name("files")
CUSTOMERS, ORDERS, LINES, EVENTS = (
    (FILES / f"{kind}.csv").read_text() for kind in ("customers", "orders", "order_lines", "events")
)
CATALOGUE = {
    "cart.updated": {"items_count": "number"},
    "order.paid": {"total": "money"},
    "voucher.redeemed": {"code": "text"},
}


def test_all_kinds_go_in_and_the_same_again_changes_nothing(shop: Shop) -> None:
    files = [("customers", CUSTOMERS), ("orders", ORDERS), ("order_lines", LINES), ("events", EVENTS)]
    first = [shop.load(kind, text, CATALOGUE) for kind, text in files]
    before = everything(shop.store)
    again = [shop.load(kind, text, CATALOGUE) for kind, text in files]
    assert [(done.new, done.rejected) for done in first] == [(2, 0)] * 4
    assert [(done.unchanged, done.rejected_file) for done in again] == [(2, None)] * 4
    assert everything(shop.store) == before

    mei = one(shop.store, customers, id="mei")
    assert (mei.email, mei.language, mei.timezone, mei.orders_count) == ("mei@example.com", "zh-TW", "Asia/Taipei", 2)
    assert mei.lifetime_spend == 1250 + 32000
    assert mei.created_at == datetime(2024, 1, 1, tzinfo=BERLIN)
    ana = one(shop.store, customers, id="ana")
    assert (ana.first_name, ana.created_at, ana.orders_count, ana.email) == ('O\'Neil, "Ana"', shop.now, 0, None)
    assert one(shop.store, orders, id="1").paid_at == datetime(2026, 1, 2, 10, 5, tzinfo=BERLIN)
    assert one(shop.store, order_lines, order_id="1", line=2).amount == -250
    assert one(shop.store, events, id="e1").payload == {"items_count": 3}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_files_of_any_spreadsheet(shop: Shop, mark: str, delimiter: str, end: str) -> None:
    text = end.join(["ID, first_name ", "mei,Mei", ""]).replace(",", delimiter)
    assert shop.load("customers", mark + text).new == 1


def test_bad_rows_go_to_a_file_and_good_rows_go_in(shop: Shop) -> None:
    done = shop.load("customers", (FILES / "bad-customers.csv").read_text())
    assert (done.new, done.rejected) == (1, 8)
    rows = shop.rejected(done)
    assert [(row["line"], row["column"], row["id"]) for row in rows] == [
        ("3", "email", "two"),
        ("4", "id", ""),
        ("5", "birthday", "day"),
        ("6", "birthday", "born"),
        ("7", "", "short"),
        ("8", "", 'torn,"x'),
        ("9", "email_consent", "when"),
        ("10", "email", "line"),
    ]
    assert rows[0]["email"] == "a@b.example, evil@x.example"
    assert rows[2]["reason"] == "`31/02/1990` is not a date; write for example  2026-03-01"
    assert rows[4]["reason"] == "the row has 2 fields, the first line has 5 columns"
    assert len(everything(shop.store)["customers"]) == 1


def test_the_file_of_rejected_rows_can_be_mended_and_imported(shop: Shop) -> None:
    done = shop.load("customers", "id,birthday\nmei,31/02/1990\n")
    assert done.rejected_file is not None
    assert done.rejected_file.read_text().endswith("mei,31/02/1990\n")
    mended = shop.load("customers", done.rejected_file.read_text().replace("mei,31/02/1990", "mei,1990-02-28"))
    assert (mended.new, mended.rejected_file) == (1, None)
    assert not done.rejected_file.exists()


def test_a_key_that_comes_twice_is_rejected_the_second_time(shop: Shop) -> None:
    text = "id,tier\nmei,gold\n" + "".join(f"c{n},\n" for n in range(5_000)) + "mei,silver\n"
    for _ in range(2):
        done = shop.load("customers", text)
        assert [(row["line"], row["reason"]) for row in shop.rejected(done)] == [
            ("5003", "the same row as in line 2, by its key")
        ]
        assert one(shop.store, customers, id="mei").tier == "gold"


def test_doubtful_values_are_left_out_and_counted(shop: Shop) -> None:
    done = shop.load("customers", "id,timezone,country\nmei,Mars/Base,DE\nana,Mars/Base,Germany\n")
    assert (done.new, sorted(done.warnings.values())) == (2, [1, 2])
    mei, ana = (one(shop.store, customers, id=key) for key in ("mei", "ana"))
    assert (mei.timezone, mei.country, ana.country) == ("", "DE", None)


def test_rows_that_the_store_refuses_are_rejected(shop: Shop) -> None:
    add_customers(shop.store, shop.now, "mei")
    done = shop.load("orders", ORDERS)
    assert (done.new, done.rejected) == (1, 1)
    assert shop.rejected(done)[0]["reason"] == "customer `ana` is unknown; import the customers first"
    done = shop.load("order_lines", LINES + "9,1,tea,,1,1\n")
    assert [row["column"] for row in shop.rejected(done)] == ["order"]


@pytest.mark.parametrize(
    ("event", "items_count", "total", "column"),
    [
        ("cart.updated", "many", "", "items_count"),
        ("cart.updated", "1", "5", "total"),
        ("order.paid", "", "1.234", "total"),
        ("order.paid", "", "-5", "total"),
        ("order.paid", "", "", "total"),
        ("cart.touched", "", "", "event"),
        ("voucher.redeemed", "", "", "code"),
    ],
)
def test_events_are_read_by_the_catalogue(shop: Shop, event: str, items_count: str, total: str, column: str) -> None:
    add_customers(shop.store, shop.now, "mei")
    row = f"e1,{event},mei,2026-01-01,{items_count},{total},\n"
    done = shop.load("events", f"id,event,customer,at,items_count,total,code\n{row}", CATALOGUE)
    assert [one["column"] for one in shop.rejected(done)] == [column]


def test_events_without_a_catalogue_have_texts(shop: Shop) -> None:
    add_customers(shop.store, shop.now, "mei")
    shop.load("events", "id,event,customer,at,page,total\ne1,visited,mei,2026-01-01,/tea,3.10\n")
    assert one(shop.store, events, id="e1").payload == {"page": "/tea", "total": 310}


def test_a_payload_has_the_types_of_the_catalogue(shop: Shop) -> None:
    add_customers(shop.store, shop.now, "mei")
    words = ("text", "choice", "number", "money", "yes_no", "date", "time", "tags")
    header = f"id,event,customer,at,{','.join(words)}"
    row = "e1,all,mei,2026-01-01,a b,gold,1.5,1.5,yes,2026-02-03,1970-01-01T00:00:01Z,x;y"
    shop.load("events", f"{header}\n{row}\n", {"all": {word: word for word in words}})
    found = one(shop.store, events, id="e1").payload
    assert [found[word] for word in words] == ["a b", "gold", 1.5, 150, True, "2026-02-03", 1_000_000, ["x", "y"]]


@pytest.mark.parametrize(
    ("kind", "header", "expected"),
    [
        ("customers", "id,emial", [("unknown-column", 4, "did you mean `email`?")]),
        ("customers", "id,tier,tier", [("duplicate-column", 4, None)]),
        ("customers", "email", [("missing-column", 1, "the first line needs  id")]),
        ("customers", "id,,", [("unknown-column", 1, None)] * 2),
        ("customers", "", [("empty", 1, None)]),
        ("customers", "id\rmei\r", [("line-ends", 1, None)]),
        ("customers", "i\0d\0", [("encoding", 1, None)]),
        (
            "orders",
            "id;customer;palced_at;total",
            [("unknown-column", 13, "did you mean `placed_at`?"), ("missing-column", 1, None)],
        ),
        ("events", "id,event,customer,at,itmes_count", [("unknown-column", 22, "did you mean `items_count`?")]),
    ],
)
def test_a_bad_first_line_stops_everything(
    shop: Shop, kind: str, header: str, expected: list[tuple[str, int, str | None]]
) -> None:
    refused = shop.refuse(kind, f"{header}\nmei,x,y\n" if header else "", CATALOGUE)
    assert [(one.rule, one.column) for one in refused] == [(rule, column) for rule, column, _ in expected]
    for one_refused, (_, _, text) in zip(refused, expected, strict=True):
        assert text is None or text in one_refused.helps
    assert everything(shop.store)["customers"] == []


def test_a_refusal_is_told_as_all_problems_are(shop: Shop) -> None:
    (refused,) = shop.refuse("customers", "id,emial\n")
    place = f"{shop.folder / 'customers.csv'}:1:4"
    assert (
        str(refused) == f"{place}: error[unknown-column]: there is no column `emial`\n  = help: did you mean `email`?"
    )


def test_another_encoding_stops_everything(shop: Shop) -> None:
    refused = shop.refuse("customers", b"id,first_name\n1,Mei\n2,Jos\xe9\n")
    assert [(one.rule, one.line) for one in refused] == [("encoding", 3)]
    assert everything(shop.store)["customers"] == []


def test_progress_is_told_after_each_batch(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id\n" + "".join(f"c{n}\n" for n in range(12_000)))
    told: list[tuple[int, int, int]] = []
    import_csv(shop.store, "customers", path, Reading(2, BERLIN, shop.now), lambda *done: told.append(done))
    size = path.stat().st_size
    assert [rows for rows, _, _ in told] == [5_000, 10_000, 12_000]
    assert told[-1][1:] == (size, size)
    assert told[0][1] < told[1][1] < size


def test_an_import_that_was_cut_off_is_completed_by_the_next(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,birthday\n" + "bad,1\n" + "".join(f"c{n},\n" for n in range(11_000)))
    reading = Reading(2, BERLIN, shop.now)

    def stop(rows: int, *_: int) -> None:
        if rows > 5_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_csv(shop.store, "customers", path, reading, stop)
    assert sorted(file.name for file in tmp_path.glob("c.csv*")) == ["c.csv"]
    done = import_csv(shop.store, "customers", path, reading)
    assert isinstance(done, ImportReport)
    assert (done.new, done.unchanged, done.rejected) == (1_001, 9_999, 1)


def test_a_full_disk_keeps_whole_batches_only(sqlite_store: sa.Engine, tmp_path: Path, now: datetime) -> None:
    with sqlite_store.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    sqlite_store.dispose()
    limit = f"PRAGMA max_page_count={pages + 400}"
    sa.event.listen(sqlite_store, "connect", lambda connection, _: connection.execute(limit))
    path = tmp_path / "c.csv"
    path.write_text("id,first_name\n" + "".join(f"c{n},{'x' * 50}\n" for n in range(20_000)))
    with pytest.raises(StoreError, match="disk is full"):
        import_csv(sqlite_store, "customers", path, Reading(2, BERLIN, now + timedelta(days=1)))
    stored = len(everything(sqlite_store)["customers"])
    assert stored > 0
    assert stored % 5_000 == 0


def test_a_file_that_is_not_there(shop: Shop, tmp_path: Path) -> None:
    (refused,) = import_csv(shop.store, "customers", tmp_path / "nothing.csv", Reading(2, BERLIN, shop.now))
    assert isinstance(refused, Refused)
    assert "no such file" in refused.text


BAD = "id,birthday\nmei,31/02/1990\n"


@pytest.mark.parametrize("ending", ["", ".part"])
def test_a_link_in_the_place_of_the_rejected_rows_is_not_written_into(shop: Shop, tmp_path: Path, ending: str) -> None:
    victim = tmp_path / "authorized_keys"
    victim.write_text("ssh-ed25519 of the owner")
    (tmp_path / f"customers.csv.rejected.csv{ending}").symlink_to(victim)
    done = shop.load("customers", BAD)
    assert victim.read_text() == "ssh-ed25519 of the owner"
    assert [row["line"] for row in shop.rejected(done)] == ["2"]
    assert done.rejected_file is not None
    assert not done.rejected_file.is_symlink()
    assert stat.S_IMODE(done.rejected_file.stat().st_mode) == 0o600


@pytest.mark.parametrize("ending", ["", ".part"])
def test_rejected_rows_that_cannot_be_written_are_told_in_a_sentence(shop: Shop, tmp_path: Path, ending: str) -> None:
    (tmp_path / f"customers.csv.rejected.csv{ending}").mkdir()
    with pytest.raises(StoreError, match=r"customers\.csv\.rejected\.csv cannot be written"):
        shop.load("customers", BAD)


def test_a_file_with_the_longest_name_has_its_rejected_rows_beside_it(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / f"{'é' * 125}x.csv"
    path.write_text(BAD)
    done = import_csv(shop.store, "customers", path, Reading(2, BERLIN, shop.now))
    assert isinstance(done, ImportReport)
    assert done.rejected_file is not None
    assert done.rejected_file.name == f"{'é' * 118}.rejected.csv"
    assert done.rejected_file.exists()
