"""The commands of people who hold, release, suppress, and ask for the evidence of consent."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from engine.channels import Uncertain
from engine.cli import main
from engine.store.connect import connect
from engine.store.customers import suppressions
from engine.store.ingest import put_consents
from engine.store.ledger import enrolments
from engine.store.migrate import migrate
from tests.scripted import Scripted
from tests.shop import SETTINGS, World, playbook, workspace_of

FILES = {
    **playbook("p", "when: {event: order.paid}\ndo:\n  - tag: bought", brakes="{backlog: 1}"),
    **playbook("mail", "when: {event: order.paid}\ndo:\n  - email: hello"),
}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in workspace_of(FILES, SETTINGS).texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    migrate(connect("sqlite:///regulars.sqlite"))
    return tmp_path


def ran(*words: str) -> str:
    done = CliRunner().invoke(main, list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.output


def test_a_hold_is_shown_with_what_to_type_and_let_go(shop: Path) -> None:
    assert ran("hold", "p", "--reason", "a wrong text") == "held; let it go with:  regulars release p\n"
    assert ran("hold", "p", "--reason", "again") == "it is held by hand already\n"
    assert "p is held: a wrong text; waiting: nobody; type  regulars release p\n" in ran("status")
    assert ran("release", "p") == "released: 1 hold\n"
    assert ran("release", "p") == "nothing was held\n"
    assert "held:" not in ran("status")


def test_everything_can_be_held_at_once(shop: Path) -> None:
    assert "regulars release --all" in ran("hold", "--all", "--reason", "stocktaking")
    assert "every playbook is held: stocktaking" in ran("status")
    assert ran("release", "--all") == "released: 1 hold\n"
    assert "name one PLAYBOOK" in ran("hold", "--reason", "x")
    assert "did you mean `p`" in ran("hold", "pp", "--reason", "x")


def test_a_wrong_name_holds_nothing_also_where_files_are_broken(shop: Path) -> None:
    assert World(connect("sqlite:///regulars.sqlite"), NOW, FILES).tick()  # both were launched
    (shop / "p.yaml").write_text("playbook: p\nwhen: {event: order.payd}\ndo: []\n", "utf-8")
    assert "there is no playbook `pp`, and there never was\ndid you mean `p`?" in ran(
        "hold", "pp", "--reason", "stop it"
    )
    assert "there is no playbook `pp`" in ran("release", "pp")
    assert ran("hold", "p", "--reason", "stop it").endswith("held; let it go with:  regulars release p\n")


def test_who_asks_a_store_that_was_never_made_is_told(shop: Path) -> None:
    Path("regulars.sqlite").unlink()
    for command in (("status",), ("hold", "p", "--reason", "x"), ("bounce", "--kept"), ("consent", "mei")):
        assert f"there is no store at sqlite:///regulars.sqlite in {shop}; go to its folder" in ran(*command)
    assert not Path("regulars.sqlite").exists()
    assert "as if nobody was in it" in ran("preview", "mail")
    assert "no customer has the id" in ran("preview", "mail", "--customer", "mei")
    assert not Path("regulars.sqlite").exists()


def test_a_backlog_is_begun_or_dropped(shop: Path) -> None:
    store = connect("sqlite:///regulars.sqlite")
    ran("status")  # makes the store
    world = World(store, NOW, FILES)
    world.customers("x", "y")
    world.tick()
    world.now = NOW + timedelta(hours=3)
    for name in ("x", "y"):
        world.event("order.paid", name, total=100, at=NOW + timedelta(minutes=1))
    world.tick()
    told = ran("status")
    assert "waiting: 2 to begin; type  regulars release p [--drop]" in told
    assert ran("release", "p", "--drop") == "released: 1 hold; 2 overdue occasions are left out\n"
    with store.connect() as connection:
        assert set(connection.scalars(sa.select(enrolments.c.state).where(enrolments.c.playbook == "p"))) == {"refused"}


def test_an_address_is_suppressed_and_freed(shop: Path) -> None:
    assert ran("suppress", "Mei@example.com", "--reason", "asked on the phone") == "suppressed\n"
    assert (
        ran("suppress", "mei@example.com", "--reason", "again") == "it was suppressed already; the first reason stays\n"
    )
    assert "messages may go there again" in ran("unsuppress", "mei@example.com")
    assert "nothing was held back" in ran("unsuppress", "mei@example.com")
    assert "Error" in ran("suppress", "no address", "--reason", "x")


def test_a_number_is_suppressed_as_it_is_dialled_from_everywhere(shop: Path) -> None:
    words = ("0151 23456789", "--channel", "sms")
    assert "does not say its country" in ran("suppress", *words, "--reason", "x")
    assert "does not say its country" in ran("unsuppress", *words)
    settings = shop / "settings" / "regulars.yaml"
    sms = "  sms: {provider: twilio, from: Shop, account: A, token: B, prefix: '+49'}\nlimits:"
    settings.write_text(settings.read_text().replace("limits:", sms))
    assert ran("suppress", *words, "--reason", "x") == "suppressed\n"
    with connect("sqlite:///regulars.sqlite").connect() as connection:
        assert connection.scalars(sa.select(suppressions.c.address)).all() == ["+4915123456789"]
    assert "suppressed already" in ran("suppress", "+49 151 23456789", "--channel", "sms", "--reason", "x")
    assert "messages may go there again" in ran("unsuppress", *words)


def test_the_evidence_of_consent_is_told(shop: Path) -> None:
    ran("status")
    store = connect("sqlite:///regulars.sqlite")
    world = World(store, NOW, FILES)
    world.customers("mei", email_consent=False)
    row = {"customer_id": "mei", "channel": "email", "topic": "offers", "how": "form"}
    given = {**row, "given": True, "at": NOW, "source": "203.0.113.7"}
    with store.begin() as connection:
        put_consents(
            connection, [given, {**row, "given": False, "at": NOW + timedelta(hours=1)}], NOW + timedelta(days=1)
        )
    assert ran("consent", "mei").splitlines() == [
        "2026-03-01 12:00  withdrew email, every topic: import  holds",
        "2026-03-01 12:00  agreed to email, offers: form (203.0.113.7)",
        "2026-03-01 13:00  withdrew email, offers: form  holds",
    ]
    assert "no customer has the id" in ran("consent", "nobody")


def test_why_names_every_guard_that_is_against_a_message_and_the_evidence(shop: Path) -> None:
    ran("hold", "mail", "--reason", "a wrong text")
    world = World(connect("sqlite:///regulars.sqlite"), NOW, FILES)
    world.customers("mei", email_consent=False, open_complaints=1)
    told = ran("why", "mei", "mail")
    assert "type  regulars release mail" in told
    for guard, reason in [
        ("consent", "consent to email was refused or withdrawn"),
        ("hold", "held: a wrong text"),
        ("complaint", "a complaint of the customer is open"),
    ]:
        assert f"({guard})" in told
        assert reason in told
    assert "withdrew email, every topic: import  holds" in told


def test_what_is_in_doubt_is_neither_sent_nor_not_sent(shop: Path) -> None:
    store = connect("sqlite:///regulars.sqlite")
    ran("status")  # makes the store
    relay = Scripted()
    relay.at_content["x@example.com"] = [Uncertain("timed out")]
    world = World(store, NOW, FILES, channel=relay)
    world.customers("x", "y")
    world.tick()
    for name in ("x", "y"):
        world.event("order.paid", name, total=100)
    world.tick()
    head, *rows = ran("status").splitlines()
    row = next(one for one in rows if one.startswith("mail "))

    def under(name: str) -> str:
        end = head.index(name) + len(name)
        return row[end - len(name) : end].strip()

    assert (under("  sent"), under("in doubt"), under("not sent")) == ("1", "1", "")
    world.tick(NOW + timedelta(days=2))
    row = next(one for one in ran("status").splitlines() if one.startswith("mail "))
    assert (under("  sent"), under("in doubt"), under("not sent")) == ("2", "", "")
