"""The engine beside a real mail server: what the ledger says of each message is what the server's log and mailbox say."""

import os
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dkim
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from engine.outgoing.compose import message_key
from engine.store.connect import connect
from engine.store.ingest import put_customers, record_event
from engine.store.ledger import outbox
from engine.store.migrate import migrate
from tests.mta.postfix import GONE, Postfix, missing, running
from tests.smtp_sink import Relay

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

SETTINGS = """
brand: {{name: Fine Shop, address: '1 High Street, Springfield'}}
timezone: UTC
channels:
  email:
    from: Fine Shop <hello@shop.example>
    host: 127.0.0.1
    port: {port}
    bounces: {{address: bounces@bounces.example, maildir: {maildir}}}
    dkim: {{domain: shop.example, selector: one, key: DKIM_KEY}}
limits: {{send_window: '00:00-23:59'}}
"""
PLAYBOOK = "playbook: thanks\nwhen: {event: order.paid}\ndo:\n  - email: thanks\n"
TEXT = "---\nsubject: Thank you\n---\nYour order is on its way.\n\n.\n\nA line that begins with a dot:\n\n.hidden\n"


class Shop:
    """A workspace and its store, and the program as a process over both."""

    def __init__(self, folder: Path, mta: Postfix) -> None:
        self.folder, self.url = folder / "shop", f"sqlite:///{folder / 'shop.sqlite'}"
        for name, text in {
            "settings/regulars.yaml": SETTINGS.format(port=mta.port, maildir=mta.bounces),
            "thanks.yaml": PLAYBOOK,
            "messages/thanks/en.md": TEXT,
        }.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        key = generate_private_key(65537, 2048)
        self.private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        self.public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.store = connect(self.url)
        migrate(self.store)
        self.run()  # launched before anything happens

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """`regulars …`, not waited for."""
        environment = {**os.environ, "REGULARS_SECRET": "a secret of many letters", "DKIM_KEY": self.private}
        return subprocess.Popen(
            [sys.executable, "-m", "engine", *command, "--store", self.url], env=environment, stderr=subprocess.PIPE
        )

    def run(self) -> None:
        """The daemon, until nothing is due."""
        with self.start("run", str(self.folder), "--until-idle", "--interval", "0.05") as process:
            said = process.communicate()[1].decode()
        assert process.returncode == 0, said

    def orders(self, *addresses: str) -> None:
        """New customers with these addresses, and an order of each."""
        now = datetime.now(UTC)  # noqa: TID251  (the program beside it reads the clock)
        with self.store.begin() as connection:
            rows = [{"id": one, "email": one, "email_consent": True} for one in addresses]
            assert not put_customers(connection, rows, now).rejected
            for one in addresses:
                assert not record_event(connection, "order.paid", one, now, {"total": 100}, one, now).rejected

    def messages(self) -> dict[str, dict[str, Any]]:
        """The outbox by Message-ID."""
        with self.store.connect() as connection:
            rows = [dict(row) for row in connection.execute(sa.select(outbox)).mappings()]
        return {f"{message_key(row)}@shop.example": row for row in rows}


@pytest.fixture
def server() -> Iterator[Relay]:
    """The server behind the server, which knows no address: what it is asked for comes back as a bounce."""
    with Relay(RCPT=["550 5.1.1 <somebody@gone.example>: no such user"] * 10) as relay:
        yield relay


@pytest.fixture
def mta(server: Relay) -> Iterator[Postfix]:
    with running(server.port) as postfix:
        yield postfix


def test_every_message_is_where_the_ledger_says(tmp_path: Path, mta: Postfix) -> None:
    shop = Shop(tmp_path, mta)
    customers = [f"customer{number}@example.com" for number in range(150)]
    shop.orders(*customers, "nobody@example.com")
    daemon = shop.start("run", str(shop.folder), "--interval", "0.05")
    mta.until(lambda line: "status=sent" in line)
    daemon.kill()
    daemon.communicate()
    shop.run()

    messages = shop.messages()
    states = Counter(row["state"] for row in messages.values())
    assert states["failed"] == 1 and states["sent"] + states["uncertain"] == 150, states
    mta.until_empty()
    arrived = Counter(str(mail["Message-ID"]).strip("<>") for mail in mta.mails)
    assert arrived == mta.logged("sent")
    assert set(arrived.values()) == {1}
    for key, row in messages.items():
        assert arrived[key] in {"sent": (1,), "uncertain": (0, 1), "failed": (0,)}[row["state"]], row


def test_signatures_hold_behind_the_server(tmp_path: Path, mta: Postfix) -> None:
    shop = Shop(tmp_path, mta)
    shop.orders("mei@example.com")
    shop.run()
    mta.until_empty()
    (mail,) = mta.contents
    published = b"v=DKIM1; k=rsa; p=" + b64encode(shop.public)
    asked: list[bytes] = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return published

    assert dkim.verify(mail, dnsfunc=dns)
    assert asked == [b"one._domainkey.shop.example."]
    assert not dkim.verify(mail.replace(b"on its way", b"on my way"), dnsfunc=dns)


def test_a_bounce_comes_back_and_ends_it(tmp_path: Path, mta: Postfix, server: Relay) -> None:
    shop = Shop(tmp_path, mta)
    shop.orders(f"somebody@{GONE}")
    shop.run()
    (row,) = shop.messages().values()
    assert row["state"] == "sent"
    mta.until_empty()
    shop.run()
    (row,) = shop.messages().values()
    assert row["bounced_at"] is not None
    with shop.store.begin() as connection:
        now = datetime.now(UTC)  # noqa: TID251
        record_event(connection, "order.paid", f"somebody@{GONE}", now, {"total": 100}, "another", now)
    shop.run()
    assert sorted(one["state"] for one in shop.messages().values()) == ["sent", "suppressed"]
    assert server.mails == []
