"""An export has everything that is known of one customer, and of nobody else; what stands in it does nothing."""

import csv
import io
import json
import re
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.catalogue import Type
from engine.erase import find_person
from engine.export import known, write_archive
from engine.export.archive import file_name, neutral
from engine.export.cells import Cells
from engine.failpoints import Crash, armed
from engine.store.ledger import outbox
from tests.erase.canaries import WHO, fill
from tests.shop import SETTINGS, World, playbook

FILES = playbook("hello", "when: {event: order.paid}\ndo:\n  - email: hello", title="Thanks")


@pytest.fixture
def world(store: sa.Engine, now: datetime) -> World:
    world = World(store, now, FILES)
    world.tick()
    return world


def exported(world: World, customer: str, path: Path) -> dict[str, str]:
    with world.store.connect().execution_options(reading=True) as connection:
        found = known(world.shop, connection, find_person(world.shop, connection, customer), world.now)
    write_archive(found, path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_every_canary_is_in_it(world: World, tmp_path: Path) -> None:
    with world.store.begin() as connection:
        fill(connection, world.now)
    files = exported(world, WHO, tmp_path / "a.zip")
    everything = "".join(files.values())
    assert "canary in points.reason" in everything
    assert "canary in outbox.reason" in everything
    assert "canary in attempts.reply" in everything
    assert "canary in bytes" in everything
    told = {name.partition(".")[0] for name in files if name.endswith(".json")}
    expected = {
        "customers",
        "events",
        "orders",
        "order_lines",
        "consents",
        "consent_log",
        "vouchers",
        "points",
        "tasks",
    }
    assert {*expected, "messages", "why", "customer", "memberships", "enrolments"} <= told


def test_a_person_can_read_what_was_said_and_why(world: World, tmp_path: Path) -> None:
    world.customers("mei", "zoltan", first_name="Mei <script>alert(1)</script>")
    world.event("order.paid", "mei", total=1000)
    world.event("order.paid", "zoltan", total=2000)
    world.tick()
    files = exported(world, "mei@example.com", tmp_path / "a.zip")
    page = files["index.html"]
    assert "What Fine Shop knows of customer mei" in page
    assert "hello by email, playbook hello: sent" in page
    assert "Why you are in “Thanks”" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    (message,) = json.loads(files["messages.json"])
    assert (message["message"], message["state"], message["playbook"]) == ("hello", "sent", "hello")
    assert "zoltan" not in "".join(files.values())
    assert "import" in files["consents.json"]


def test_the_page_is_for_people_and_the_files_stay_exact(store: sa.Engine, now: datetime, tmp_path: Path) -> None:
    world = World(store, now, FILES, settings=SETTINGS.replace("timezone: UTC", "timezone: Asia/Tokyo"))
    world.tick()
    world.customers("mei")
    world.event("order.paid", "mei", datetime(2026, 1, 31, 15, 0, 0, 123456, tzinfo=UTC), id="o1", total=123450)
    world.event("cart.updated", "mei", total=5050)
    world.tick()
    files = exported(world, "mei", tmp_path / "a.zip")
    page = files["index.html"]
    assert "Times are those of Asia/Tokyo." in page
    assert "<td>2026-02-01 00:00:00</td><td>2026-02-01 00:00:00</td><td>€1,234.50</td>" in page
    assert "<td>lifetime_spend</td><td>€1,234.50</td>" in page
    assert "total: €50.50" in page
    assert re.search(r"<td>email</td><td>\*</td><td>yes</td>", page)
    assert not re.search(r"123450|5050|True|False|\d{4}-\d\d-\d\dT|\.\d{6}", page)
    (order,) = json.loads(files["orders.json"])
    assert (order["total"], order["paid_at"]) == (123450, "2026-01-31T15:00:00.123456+00:00")
    assert "123450" in files["tables/orders.csv"]
    assert json.loads(files["events.json"])[0]["payload"] == {"total": 5050}
    assert json.loads(files["consents.json"])[0]["given"] is True


def test_times_and_amounts_of_the_shops_own_tables_are_read_too() -> None:
    cells = Cells(ZoneInfo("Europe/Berlin"), "JPY")
    assert cells.write(5000, Type.MONEY) == "¥5,000"
    assert cells.write(1234.5, Type.MONEY) == "¥1,234"  # an average
    assert cells.write(1, Type.YES_NO) == "yes"
    assert cells.write(1, Type.NUMBER) == "1"
    assert cells.write("2026-03-01T12:00:00.000001", Type.TIME) == "2026-03-01 12:00:00"
    assert cells.write("whenever", Type.TIME) == "whenever"
    assert cells.write([True, None, {"paid": 100}], within={"paid": Type.MONEY}) == "yes, , paid: ¥100"


def test_a_mail_that_is_kept_is_in_it(world: World, tmp_path: Path) -> None:
    world.customers("mei")
    world.event("order.paid", "mei", total=1000)
    world.tick()
    (message,) = world.messages()
    mail = b"Subject: Kept\nMIME-Version: 1.0\nContent-Type: text/plain\n\nStill here.\n"
    row = {"message_id": message["id"], "sender": "s", "recipient": "r", "content": mail, "hash": "h", "at": world.now}
    contents = outbox.metadata.tables["contents"]
    world.write(sa.delete(contents), sa.insert(contents).values(row))
    files = exported(world, "mei", tmp_path / "a.zip")
    assert files[f"letters/{message['id']}.eml"] == mail.decode()
    assert "Still here." in files["index.html"]


def test_no_text_becomes_a_formula(world: World, tmp_path: Path) -> None:
    world.customers("mei", tags=('=HYPERLINK("http://evil")', "+1", "-1", "@x"))
    files = exported(world, "mei", tmp_path / "a.zip")
    rows = list(csv.DictReader(io.StringIO(files["tables/customer_tags.csv"])))
    assert sorted(row["tag"] for row in rows) == ["'+1", "'-1", '\'=HYPERLINK("http://evil")', "'@x"]
    assert '=HYPERLINK(\\"http' in files["customer_tags.json"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [(-5, -5), ("-5", "'-5"), ("\tx", "'\tx"), ("\rx", "'\rx"), ("x=1", "x=1"), (None, None), ([1], "[1]"), ("", "")],
)
def test_numbers_stay_numbers(value: Any, cell: Any) -> None:
    assert neutral(value) == cell


@pytest.mark.parametrize("customer", ["../../etc/passwd", "a/b", "..", "c:\\x", "\0", "é" * 300])
def test_the_name_of_the_file_stays_in_the_folder(customer: str) -> None:
    name = file_name(customer)
    assert Path(name).name == name
    assert len(name) < 120
    assert ".." not in name


def test_a_crash_leaves_what_was_there(world: World, tmp_path: Path) -> None:
    world.customers("mei")
    path = tmp_path / "a.zip"
    path.write_text("the one of yesterday")
    with armed("export.half", 3), pytest.raises(Crash):
        exported(world, "mei", path)
    assert path.read_text() == "the one of yesterday"
    exported(world, "mei", path)
    assert [one.name for one in tmp_path.glob("a.zip*")] == ["a.zip"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
