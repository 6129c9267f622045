"""Files that are dropped are imported when they are whole, once, and put away; what does not belong is left alone."""

import errno
import os
import threading
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from engine.failpoints import Crash, armed
from engine.inbox import Inbox
from engine.shop import Shop
from engine.store.importing import ImportReport
from engine.workspace import load_texts
from tests.store.rows import everything

SETTINGS = "brand: {name: Fine Shop, address: '1 High Street'}\ntimezone: Asia/Shanghai\ncurrency: EUR\n"
CUSTOMERS = "id,first_name\nmei,Mei\nana,Ana\n"
ORDERS = "id,customer,placed_at,total\n1,mei,2026-02-01,12.50\n"


class Drop:
    """A folder, what watches it, and the shop behind."""

    def __init__(self, store: sa.Engine, folder: Path, now: datetime) -> None:
        self.shop, self.folder, self.now = Shop(store, load_texts({"settings/regulars.yaml": SETTINGS})), folder, now
        self.restart()

    def restart(self) -> None:
        """A program started anew."""
        self.inbox = Inbox(self.folder)

    def put(self, name: str, text: str | bytes) -> Path:
        """Drops a file."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def look(self) -> list[ImportReport]:
        """One look."""
        return self.inbox.look(self.shop, self.now)

    def twice(self) -> list[ImportReport]:
        """Two looks: what is the same in both is whole."""
        return self.look() + self.look()

    def names(self, folder: str = ".") -> list[str]:
        """What lies in the folder, without the lock."""
        found = (path.name for path in (self.folder / folder).iterdir() if path.is_file() or path.is_symlink())
        return sorted(name for name in found if name != ".regulars.lock")


@pytest.fixture
def drop(store: sa.Engine, tmp_path: Path, now: datetime) -> Drop:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return Drop(store, folder, now)


def test_files_are_imported_customers_first_and_put_away_by_day(drop: Drop) -> None:
    drop.put("orders-monday.csv", ORDERS)
    drop.put("customers.csv", CUSTOMERS)
    assert [(one.kind, one.new, one.rejected) for one in drop.twice()] == [("customers", 2, 0), ("orders", 1, 0)]
    assert (drop.names(), drop.names("done")) == ([], ["2026-03-01-customers.csv", "2026-03-01-orders-monday.csv"])
    assert drop.twice() == []


def test_the_same_file_again_changes_nothing(drop: Drop) -> None:
    for _ in range(2):
        drop.put("customers.csv", CUSTOMERS)
        (report,) = drop.twice()
        before = everything(drop.shop.store) if report.new else before  # noqa: F821
    assert (report.unchanged, everything(drop.shop.store)) == (2, before)
    assert drop.names("done") == ["2026-03-01-2-customers.csv", "2026-03-01-customers.csv"]


def test_a_file_that_grows_waits(drop: Drop) -> None:
    path = drop.put("customers.csv", "id,first_name\nm")
    assert drop.look() == []
    path.write_text("id,first_name\nmei,Mei\n")
    assert drop.look() == []
    assert [one.new for one in drop.look()] == [1]


def test_a_file_that_grows_while_it_is_imported_stays(drop: Drop) -> None:
    path = drop.put("customers.csv", CUSTOMERS)
    drop.look()
    sa.event.listen(drop.shop.store, "commit", lambda _: path.write_text(CUSTOMERS + "liu,Liu\n"), once=True)
    assert drop.look() == []
    assert [(one.read, one.new) for one in drop.twice()] == [(3, 1)]


def test_a_file_that_is_renamed_into_the_folder_is_taken(drop: Drop) -> None:
    part = drop.put("customers.csv.part", CUSTOMERS)
    assert drop.twice() == []
    part.rename(drop.folder / "customers.csv")
    assert [one.new for one in drop.twice()] == [2]


def test_rows_with_faults_go_beside_with_their_reasons(drop: Drop) -> None:
    drop.put("customers.csv", "id,birthday\nmei,31/02/1990\nana,1990-02-28\n")
    assert [(one.new, one.rejected) for one in drop.twice()] == [(1, 1)]
    assert drop.names("done") == ["2026-03-01-customers.csv", "2026-03-01-customers.csv.errors.csv"]
    text = (drop.folder / "done" / "2026-03-01-customers.csv.errors.csv").read_text()
    assert text.splitlines()[0] == "line,column,reason,id,birthday"
    assert text.splitlines()[1].startswith("2,birthday,`31/02/1990` is not a date")


def test_a_file_that_cannot_be_imported_stays_and_is_told_once_until_it_changes(drop: Drop) -> None:
    drop.put("customers.csv", "id,frist_name\nmei,Mei\n")
    with capture_logs() as logs:
        drop.twice()
        drop.twice()
    assert [one["reason"].splitlines()[0].partition("customers.csv")[2] for one in logs] == [
        ":1:4: error[unknown-column]: there is no column `frist_name`"
    ]
    assert drop.names() == ["customers.csv"]
    drop.put("customers.csv", CUSTOMERS)
    assert [one.new for one in drop.twice()] == [2]


def test_a_file_that_could_not_be_read_is_looked_at_again_with_other_rights(drop: Drop) -> None:
    path = drop.put("customers.csv", "id,frist_name\nmei,Mei\n")
    with capture_logs() as logs:
        drop.twice()
        path.chmod(0o640)
        drop.twice()
    assert len(logs) == 2


def test_what_does_not_belong_is_left_alone_and_told_once(drop: Drop, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text(CUSTOMERS)
    (drop.folder / "customers-link.csv").symlink_to(outside)
    (drop.folder / "customers-dangling.csv").symlink_to(tmp_path / "nothing")
    (drop.folder / "orders.csv").mkdir()
    os.mkfifo(drop.folder / "events.csv")
    for name in ("customers.txt", "people.csv", "customersx.csv", "customers.csv~", ".customers.csv", "x\udcff.csv"):
        (drop.folder / name).write_text(CUSTOMERS)
    before = drop.names()
    with capture_logs() as logs:
        assert drop.twice() + drop.twice() == []
    told = {one["name"] for one in logs} - {"customers.txt"}
    assert len(logs) == 8
    assert told == {
        f"{name}.csv"
        for name in ("customers-link", "customers-dangling", "orders", "events", "people", "customersx", "x\\udcff")
    }
    assert drop.names() == before
    assert everything(drop.shop.store)["customers"] == []


@pytest.mark.parametrize("place", ["import.batch", "inbox.imported"])
def test_after_a_crash_the_file_is_imported_once_more_and_nothing_is_doubled(drop: Drop, place: str) -> None:
    rows = "".join(f"c{number},N\n" for number in range(6_000))
    drop.put("customers.csv", f"id,first_name\n{rows}bad,x,y\n")
    drop.look()
    with armed(place), pytest.raises(Crash):
        drop.look()
    drop.restart()
    (report,) = drop.twice()
    assert (report.new, report.unchanged, report.rejected) == (
        (1_000, 5_000, 1) if place == "import.batch" else (0, 6_000, 1)
    )
    assert len(everything(drop.shop.store)["customers"]) == 6_000
    assert (drop.names(), len(drop.names("done"))) == ([], 2)


def test_of_several_programs_one_takes_a_file(drop: Drop) -> None:
    for number in range(20):
        drop.put(f"customers-{number}.csv", f"id,first_name\nc{number},N\n")
    others = [Inbox(drop.folder) for _ in range(4)]
    for one in others:
        one.look(drop.shop, drop.now)
    found: list[ImportReport] = []
    together = threading.Barrier(4)

    def look(one: Inbox) -> None:
        together.wait(20)
        found.extend(one.look(drop.shop, drop.now))

    threads = [threading.Thread(target=look, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.new for one in found) == [1] * 20
    assert len(drop.names("done")) == 20


def test_an_end_that_is_asked_for_comes_between_two_batches(drop: Drop) -> None:
    drop.put("customers.csv", "id\n" + "".join(f"c{number}\n" for number in range(12_000)))
    drop.look()
    sa.event.listen(drop.shop.store, "commit", lambda _: drop.inbox.stop(), once=True)
    assert drop.look() == []
    assert len(everything(drop.shop.store)["customers"]) == 5_000
    drop.restart()
    assert [(one.new, one.unchanged) for one in drop.twice()] == [(7_000, 5_000)]


BAD = "id,birthday\nmei,31/02/1990\nana,\n"
OWNERS = "ssh-ed25519 of the owner"


@pytest.mark.parametrize("ending", ["", ".part"])
def test_a_link_in_the_place_of_the_rejected_rows_leads_nowhere(drop: Drop, tmp_path: Path, ending: str) -> None:
    victim = tmp_path / "authorized_keys"
    victim.write_text(OWNERS)
    (drop.folder / f"customers.csv.rejected.csv{ending}").symlink_to(victim)
    drop.put("customers.csv", BAD)
    assert [one.rejected for one in drop.twice()] == [1]
    assert victim.read_text() == OWNERS
    errors = drop.folder / "done" / "2026-03-01-customers.csv.errors.csv"
    assert not errors.is_symlink()
    assert errors.read_text().splitlines()[1].startswith("2,birthday,")


def test_a_link_in_the_place_of_done_leads_nowhere(drop: Drop, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (drop.folder / "done").symlink_to(outside)
    drop.put("customers.csv", CUSTOMERS)
    drop.look()
    with pytest.raises(OSError, match="done"):
        drop.look()
    assert (list(outside.iterdir()), everything(drop.shop.store)["customers"]) == ([], [])
    (drop.folder / "done").unlink()
    assert [one.new for one in drop.look()] == [2]


@pytest.mark.parametrize("what", ["file", "link"])
def test_what_stands_in_the_place_of_done_is_to_be_moved_away(drop: Drop, what: str) -> None:
    done = drop.folder / "done"
    done.write_text("") if what == "file" else done.symlink_to("nowhere")
    drop.put("customers.csv", CUSTOMERS)
    drop.look()
    with pytest.raises(OSError) as fault:
        drop.look()
    assert str(fault.value) == f"`{done}` must be a folder: move the {what} away"
    done.unlink()
    assert [one.new for one in drop.look()] == [2]


@pytest.mark.parametrize("what", ["link", "pipe", "file"])
def test_what_takes_a_files_place_while_another_one_is_imported_is_not_read(
    drop: Drop, tmp_path: Path, what: str
) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("id,customer,placed_at,total\nstolen,mei,2026-02-01,1\n")
    orders = drop.put("orders.csv", ORDERS)
    drop.put("customers.csv", CUSTOMERS)
    drop.look()

    def swap(_: sa.Connection) -> None:
        orders.unlink()
        if what == "link":
            orders.symlink_to(outside)
        elif what == "pipe":
            os.mkfifo(orders)
        else:
            outside.rename(orders)

    sa.event.listen(drop.shop.store, "commit", swap, once=True)
    assert [one.kind for one in drop.look()] == ["customers"]
    assert everything(drop.shop.store)["orders"] == []
    assert drop.names("done") == ["2026-03-01-customers.csv"]


@pytest.mark.parametrize(
    "name", ["customers-" + "x" * 241, "customers-" + "é" * 120 + "x", "customers-" + "\udcff" * 241]
)
def test_a_long_name_is_cut_and_keeps_no_other_file_waiting(drop: Drop, name: str) -> None:
    for text in (BAD, CUSTOMERS):
        drop.put(f"{name}.csv", text)
        drop.put("orders.csv", ORDERS)
        assert [one.kind for one in drop.twice()] == ["customers", "orders"]
    assert drop.names() == []
    long = [one for one in drop.names("done") if "customers" in one]
    assert len(long) == 3
    assert all(len(os.fsencode(one)) <= 255 for one in long)
    assert [one.startswith(f"2026-03-01-2-{name[:60]}") for one in long].count(True) == 1
    (errors,) = (one for one in long if one.endswith(".csv.errors.csv"))
    assert errors.removesuffix(".errors.csv") in long


def test_a_file_that_cannot_be_put_away_keeps_no_other_one_waiting(drop: Drop) -> None:
    (drop.folder / "customers.csv.rejected.csv").mkdir()
    drop.put("customers.csv", BAD)
    drop.put("orders.csv", ORDERS.replace("mei", "ana"))
    with capture_logs() as logs:
        assert [one.kind for one in drop.twice() + drop.twice()] == ["orders"]
    (told,) = (one for one in logs if one["log_level"] == "error")
    assert told["name"] == "customers.csv"
    assert "customers.csv.rejected.csv cannot be written" in told["reason"]
    (drop.folder / "customers.csv.rejected.csv").rmdir()
    drop.put("customers.csv", BAD)
    assert [one.rejected for one in drop.twice()] == [1]


def test_a_file_that_the_store_refuses_keeps_no_other_one_waiting(drop: Drop) -> None:
    with drop.shop.store.begin() as connection:  # a rule of the shop's own, which no file of ours knows
        connection.exec_driver_sql("CREATE UNIQUE INDEX one_title ON products (title)")
    drop.put("products.csv", "id,title\ncup,Cup\nmug,Cup\n")
    drop.put("suppressions.csv", "address,reason\nmei@example.com,asked for it\n")
    with capture_logs() as logs:
        assert [one.kind for one in drop.twice()] == ["suppressions"]
        drop.look()
    told = [one["name"] for one in logs if one["event"].startswith("a fault of the engine")]
    assert (told, drop.names()) == (["products.csv"], ["products.csv"])
    drop.put("products.csv", "id,title\ncup,Cup\nmug,Mug\n")
    assert [one.new for one in drop.twice()] == [2]


def test_what_every_file_would_meet_ends_the_look_and_is_tried_again(drop: Drop) -> None:
    drop.put("customers.csv", CUSTOMERS)
    drop.look()

    def full(_: sa.Connection) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sa.event.listen(drop.shop.store, "commit", full, once=True)
    with pytest.raises(OSError, match="No space left"):
        drop.look()
    assert [one.new for one in drop.look()] == [2]
