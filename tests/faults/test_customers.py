"""Addresses in many letters and spellings, customers who share one, and values without end."""

import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.store.customers import customers
from engine.store.importing import ImportReport, Reading, import_csv
from engine.store.importing.shared import SHARED
from tests.shop import World, playbook


def imported(store: sa.Engine, folder: Path, now: datetime, text: str) -> ImportReport:
    path = folder / "customers.csv"
    path.write_text(text, "utf-8")
    report = import_csv(store, "customers", path, Reading(2, ZoneInfo("UTC"), now))
    assert isinstance(report, ImportReport)
    return report


def reasons(report: ImportReport) -> list[tuple[str, str]]:
    assert report.rejected_file is not None
    with report.rejected_file.open(newline="", encoding="utf-8") as file:
        return [(row["line"], row["reason"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    "domain", ["bücher.example", "bu\u0308cher.example", "BÜCHER.example", "xn--bcher-kva.example"]
)
def test_a_domain_of_any_letters_goes_over_the_wire_as_ascii(
    sqlite_store: sa.Engine, tmp_path: Path, now: datetime, domain: str
) -> None:
    report = imported(sqlite_store, tmp_path, now, f"id,email\nmei,mei@{domain}\n")
    assert (report.new, report.rejected) == (1, 0)
    with sqlite_store.connect() as connection:
        assert connection.execute(sa.select(customers.c.email)).scalar_one() == "mei@xn--bcher-kva.example"


def test_a_name_of_other_letters_costs_its_row(sqlite_store: sa.Engine, tmp_path: Path, now: datetime) -> None:
    report = imported(sqlite_store, tmp_path, now, "id,email\nmei,邮箱@example.com\nana,ana@example.com\n")
    assert (report.new, report.rejected) == (1, 1)
    ((line, reason),) = reasons(report)
    assert line == "2"
    assert reason.startswith("`邮箱@example.com` is not an address: ")


def test_tags_without_end_cost_their_row(sqlite_store: sa.Engine, tmp_path: Path, now: datetime) -> None:
    long, many = "x" * 10_000, ";".join(f"t{number}" for number in range(100_000))
    report = imported(sqlite_store, tmp_path, now, f"id,tags\nmei,{long}\ntom,{many}\nana,tea;coffee\n")
    assert (report.new, report.rejected) == (1, 2)
    assert [reason for _, reason in reasons(report)] == ["is longer than 200 characters", "has more than 100 tags"]


def test_spellings_of_one_address_are_told(store: sa.Engine, tmp_path: Path, now: datetime) -> None:
    """Two ids are two customers; capitals make no other address, and dots do."""
    first = imported(store, tmp_path, now, "id,email\na,Mei@example.com\nb,m.ei@example.com\nc,tom@example.com\nd,\n")
    assert dict(first.warnings) == {}
    second = imported(store, tmp_path, now, "id,email\ne,MEI@EXAMPLE.com\nf,mei@example.com\ng,tom@example.com\n")
    assert (second.new, dict(second.warnings)) == (3, {SHARED: 2})
    assert dict(imported(store, tmp_path, now, "id,first_name\na,Mei\n").warnings) == {}  # it says nothing of addresses


def test_a_dead_address_is_dead_in_every_spelling(store: sa.Engine, now: datetime) -> None:
    """Of two customers with one address each has an occasion of his own; what ends the address ends it for both."""
    world = World(store, now, playbook("hello", "when: {event: order.paid}\ndo:\n  - email: hello"))
    world.customers("a", email="Mei@example.com")
    world.customers("b", email="mei@EXAMPLE.com".replace("EXAMPLE", "example"))
    world.tick()
    for who in ("a", "b"):
        world.event("order.paid", who, total=100)
    world.tick()
    assert sorted(to for to, _ in world.mails()) == ["Mei@example.com", "mei@example.com"]
    world.suppress("mei@example.com")
    for who in ("a", "b"):
        world.event("order.paid", who, total=100)
    world.tick()
    assert len(world.mails()) == 2
    assert [row["state"] for row in world.messages()] == ["sent", "sent", "suppressed", "suppressed"]
