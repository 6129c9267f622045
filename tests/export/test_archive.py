"""An export has everything that is known of one customer, and of nobody else; what stands in it does nothing."""

import csv
import io
import json
import stat
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.erase import find_person
from engine.export import known, write_archive
from engine.export.archive import file_name, neutral
from engine.failpoints import Crash, armed
from engine.store.ledger import outbox
from tests.erase.canaries import WHO, fill
from tests.shop import World, playbook

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
