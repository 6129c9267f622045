"""Who asked to be left alone is, in whichever way the address is written: each way in keeps what the last look asks for."""

import csv
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.erase import erase, find_person
from engine.store.customers import customers, suppressions
from engine.store.importing import ImportReport, import_csv
from engine.store.ingest import lift_suppression
from engine.store.sealed import keep_keys
from tests.shop import SECRETS, World
from tests.speaking import ALL, bought, ends, told

AT_HOME = ALL.replace("{provider: twilio,", "{provider: twilio, prefix: '+49',")


def load(world: World, folder: Path, text: str) -> ImportReport:
    path = folder / "suppressions.csv"
    path.write_text(text)
    done = import_csv(world.store, "suppressions", path, world.shop.reading(world.now))
    assert isinstance(done, ImportReport), done
    return done


def listed(world: World) -> list[tuple[str, str]]:
    return [(row["channel"], row["address"]) for row in world.rows(suppressions)]


@pytest.mark.parametrize(
    ("channel", "written", "customer"),
    [
        ("sms", "0151 23456789", {"phone": "0151 23456789"}),
        ("sms", "0151/2345-6789", {"phone": "+49 151 23456789"}),
        ("sms", "+49 (0)151 23456789", {"phone": "015123456789"}),
        ("email", "Bob@Bücher.de", {"email": "bob@bücher.de"}),
        ("email", "bob@bücher.de", {"email": "bob@xn--bcher-kva.de"}),
        ("chat", " Mei-Chat ", {}),
    ],
)
def test_an_address_of_a_file_is_held_back(
    store: sa.Engine, now: datetime, tmp_path: Path, channel: str, written: str, customer: dict[str, str]
) -> None:
    world, ways = bought(store, now, f"- {channel}: late", AT_HOME, **customer)
    done = load(world, tmp_path, f"address,reason,channel\n{written},asked for it,{channel}\n")
    assert (done.new, done.rejected) == (1, 0)
    world.tick()
    assert (told(ways), ends(world)) == ([], [(channel, "suppressed", "asked for it")])
    with store.begin() as connection:
        assert lift_suppression(connection, channel, written, "+49")
    assert listed(world) == []


def test_what_is_no_address_is_not_acknowledged(store: sa.Engine, now: datetime, tmp_path: Path) -> None:
    world, _ = bought(store, now, "- email: late")
    file = "address,reason,channel\nEve <eve@example.com>,x,\nnot an address at all,x,email\n0151 23456789,x,sms\n"
    done = load(world, tmp_path, file)
    assert (done.new, done.rejected, listed(world)) == (0, 3, [])
    assert done.rejected_file is not None
    _, *rows = csv.reader(done.rejected_file.read_text().splitlines())
    assert [column for _, column, *_ in rows] == ["address"] * 3
    assert rows[2][2] == "`0151 23456789` does not say its country; write for example  +49 30 1234567"


def test_the_same_address_twice_in_a_file_is_seen(store: sa.Engine, now: datetime, tmp_path: Path) -> None:
    world, _ = bought(store, now, "- email: late")
    done = load(world, tmp_path, "address,reason\nbob@bücher.de,x\nBOB@xn--bcher-kva.de,y\n")
    assert (done.new, done.rejected) == (1, 1)
    assert listed(world) == [("email", "bob@xn--bcher-kva.de")]


def test_erased_customers_move_to_another_store_as_they_stand(store: sa.Engine, now: datetime, tmp_path: Path) -> None:
    keep_keys(store, SECRETS)
    world, ways = bought(store, now, "- sms: late", AT_HOME, phone="0151 23456789")
    with store.begin() as connection:
        erase(connection, find_person(world.shop, connection, "mei"), now)
    sealed = [row for row in world.rows(suppressions) if row["channel"] == "sms"]
    assert len(sealed) == 2  # as it is looked up, and as it stood in the row
    world.write(sa.delete(suppressions))
    lines = "".join(f"{row['address']},erased,sms\n" for row in sealed)
    assert load(world, tmp_path, f"address,reason,channel\n{lines}").new == 2
    assert listed(world) == [("sms", row["address"]) for row in sealed]
    world.customers("ben", sms_consent=True)
    world.write(sa.update(customers).values(phone="0151/234 567 89"))
    world.event("order.paid", "ben", total=100)
    world.tick()
    assert (told(ways), ends(world)[-1]) == ([], ("sms", "suppressed", "erased"))
    with store.begin() as connection:
        assert lift_suppression(connection, "sms", "0151 23456789", "+49")
    assert listed(world) == []
