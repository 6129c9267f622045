"""From a mail that really went out to its bounce through the pipe: the customer gets nothing more, and no bounce is lost."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.channels.sink import Received, Sink
from engine.cli import main
from engine.daemon import clock
from engine.store.connect import connect
from engine.store.ingest import put_customers, record_event
from engine.store.migrate import migrate
from tests.bounces import mails

SETTINGS = """
brand: {{name: Fine Shop, address: '1 High Street, Springfield'}}
timezone: UTC
channels:
  email:
    from: Fine Shop <hello@shop.example>
    host: 127.0.0.1
    port: {port}
    feedback_id: true
    dkim: {{domain: shop.example, selector: s1, key: DKIM_KEY}}
    bounces: {{address: bounces@mail.shop.example, maildir: {box}}}
limits: {{send_window: 00:00-23:59}}
"""
THANKS = "playbook: thanks\nwhen: {event: order.paid}\nif_running: parallel\ndo:\n  - email: thanks\n"


class Shop:
    """A workspace in a folder, whose commands run as processes."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.store = folder, f"sqlite:///{folder / 'shop.db'}"
        self.environment = {
            "REGULARS_SECRET": "a secret of many letters",
            "REGULARS_STORE": self.store,
            "DKIM_KEY": str(folder / "dkim.pem"),
        }
        key = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout
        (folder / "dkim.pem").write_bytes(key)
        for name in ("new", "cur", "tmp"):
            (folder / "box" / name).mkdir(parents=True)
        files = {
            "settings/regulars.yaml": SETTINGS.format(port=port, box=folder / "box"),
            "thanks.yaml": THANKS,
            "messages/thanks/en.md": "---\nsubject: Thanks\n---\nThank you.\n",
        }
        for name, text in files.items():
            path = folder / "shop" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        migrate(connect(self.store))
        with connect(self.store).begin() as connection:
            put_customers(connection, [{"id": "mei", "email": "mei@example.com", "email_consent": True}], clock())

    def buys(self, number: int) -> None:
        with connect(self.store).begin() as connection:
            record_event(connection, "order.paid", "mei", clock(), {"total": 100}, f"order-{number}", clock())

    def types(self, *words: str, given: bytes = b"", **environment: str) -> tuple[int, str]:
        found = CliRunner().invoke(main, words, input=given, env={**self.environment, **environment})
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return found.exit_code, found.output

    def pipes(self, given: bytes, *words: str) -> tuple[int, str]:
        """The same as a mail server does it: another process, with the mail on its standard input."""
        command = [sys.executable, "-m", "engine", "bounce", "-w", str(self.folder / "shop"), *words]
        found = subprocess.run(command, input=given, capture_output=True, env={**os.environ, **self.environment})
        return found.returncode, (found.stdout + found.stderr).decode()

    def bounces(self, given: bytes, *words: str, **environment: str) -> tuple[int, str]:
        return self.types("bounce", "-w", str(self.folder / "shop"), *words, given=given, **environment)


@pytest.fixture
def received() -> Iterator[list[Received]]:
    yield []


@pytest.fixture
def shop(tmp_path: Path, received: list[Received]) -> Iterator[Shop]:
    with Sink(received.append) as sink:
        yield Shop(tmp_path, sink.port)


def test_a_bounce_through_the_pipe_ends_the_mail_to_its_address(shop: Shop, received: list[Received]) -> None:
    workspace = str(shop.folder / "shop")
    assert shop.types("tick", workspace)[0] == 0
    shop.buys(1)
    assert "1 messages sent" in shop.types("tick", workspace)[1]
    (mail,) = received
    assert mail.sender.startswith("bounces+")
    assert mail.content.startswith(b"DKIM-Signature: v=1; a=rsa-sha256;")
    assert b"\r\nFeedback-ID: thanks:thanks:marketing:shop-example\r\n" in mail.content
    report = mails.postfix(mail.sender)
    assert shop.pipes(report) == (0, "dead: nobody has the address: nothing more goes to it (550 5.1.1 no)\n")
    assert shop.bounces(report) == (0, "known: was recorded before; nothing changes\n")
    shop.buys(2)
    assert "1 messages suppressed" in shop.types("tick", workspace)[1]
    assert len(received) == 1
    assert "bounced: 550 5.1.1 no" in shop.types("why", "mei", "thanks", "-w", workspace)[1]


def test_the_mailbox_is_read_once_by_command_and_strangers_mails_are_shown(shop: Shop) -> None:
    (shop.folder / "box" / "new" / "1.mx").write_bytes(b"To: x@y.example\r\nSubject: win\r\n\r\n\x1b[31mBuy.\r\n")
    kept = "1 ignored: changes nothing; it is kept for a look:  regulars bounce --kept\n"
    assert shop.bounces(b"", "--mailbox") == (0, kept)
    assert shop.bounces(b"", "--mailbox") == (0, "no unread mail\n")
    code, said = shop.bounces(b"", "--kept")
    assert (code, "no report: win" in said, "\ufffd[31mBuy." in said) == (0, True, True)


def test_whatever_hinders_us_the_mail_server_keeps_the_mail(shop: Shop) -> None:
    report = mails.postfix("bounces@mail.shop.example")
    away = f"sqlite:///{shop.folder / 'nowhere' / 'shop.db'}"
    assert shop.bounces(report, REGULARS_STORE=away)[0] == os.EX_TEMPFAIL
    assert shop.bounces(report, REGULARS_SECRET="")[0] == os.EX_TEMPFAIL
    assert shop.bounces(report, "--colour")[0] == os.EX_TEMPFAIL
    assert shop.types("bounce", "-w", str(shop.folder / "no-shop"), given=report)[0] == os.EX_TEMPFAIL
    settings = shop.folder / "shop" / "settings" / "regulars.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("limits:", "limitz:"), encoding="utf-8")
    assert shop.bounces(report)[0] == os.EX_TEMPFAIL
    settings.write_text("brand: {name: Fine Shop, address: x}\ntimezone: UTC\n", encoding="utf-8")
    code, said = shop.bounces(report)
    assert (code, "does not say where bounces come in" in said) == (os.EX_TEMPFAIL, True)


def test_a_locked_store_keeps_the_mail(shop: Shop) -> None:
    with connect(shop.store).begin():  # the write lock
        code, said = shop.bounces(mails.postfix("bounces@mail.shop.example"))
    assert (code, "locked by another program" in said) == (os.EX_TEMPFAIL, True)


@pytest.mark.parametrize("recipient", ["\udcff@shop.example", "bounces+\udcff@mail.shop.example"])
def test_an_address_that_is_no_text_is_that_of_no_report(shop: Shop, recipient: str) -> None:
    code, said = shop.pipes(b"Subject: x\r\n\r\nhallo\r\n", "--recipient", recipient)
    assert (code, said.startswith("ignored:")) == (0, True)


def test_a_huge_mail_is_taken_off_the_servers_hands(shop: Shop) -> None:
    code, said = shop.bounces(b"x" * 20_000_000)
    assert (code, said.startswith("ignored:")) == (0, True)
