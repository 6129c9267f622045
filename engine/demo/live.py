"""Real mails: the daemon in a process of its own, a mail server that keeps what it gets, and orders of this hour."""

import os
import queue
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path

import sqlalchemy as sa

from engine.channels.sink import Received, Sink, into_folder
from engine.demo.aftermath import Order
from engine.demo.ground import Ground, point_to
from engine.settings import Settings
from engine.store.customers import consents, customers
from engine.store.ingest import put_orders
from engine.store.ledger import enrolments, outbox

#: Long enough for a slow machine; usually the mails are there in two or three seconds.
_PATIENCE = 20.0
_QUIET = 1.5
_ENDING = 10.0


class NotRunning(RuntimeError):
    """The daemon ended by itself, or nothing came of it."""


@dataclass
class Post:
    """Receives mails while it is open; each is kept in a folder and handed on in the order of arrival."""

    folder: Path
    received: "queue.Queue[Received]"
    port: int = 0

    def arriving(self, wanted: int, running: "subprocess.Popen[bytes]") -> Iterator[Received]:
        """Mails until the wanted number is there and no more follow. Raises `NotRunning` when none can come."""
        came, waited = 0, 0.0
        while waited < _PATIENCE:
            try:
                yield self.received.get(timeout=_QUIET)
                came, waited = came + 1, 0.0
            except queue.Empty:
                waited += _QUIET
                if came >= wanted:
                    return
                if running.poll() is not None:
                    raise NotRunning(f"the daemon ended with {running.returncode}") from None
        if not came:
            raise NotRunning(f"no mail came within {_PATIENCE:.0f} seconds")


@contextmanager
def post(folder: Path) -> Iterator[Post]:
    """A mail server on a free port of this machine."""
    box: queue.Queue[Received] = queue.Queue()
    keep = into_folder(folder, lambda _line: None)

    def receive(mail: Received) -> None:
        keep(mail)
        box.put(mail)

    with Sink(receive) as sink:
        yield Post(folder, box, sink.port)


@contextmanager
def daemon(ground: Ground, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """`regulars run` on the demo's store, with a secret made for this run; asked to end (SIGTERM) when the block does."""
    point_to(ground.workspace, port)
    command = [sys.executable, "-m", "engine", "run", str(ground.workspace), "--store", ground.url, "--interval", "0.2"]
    command += [word for channel in ("sms", "chat", "webhook") for word in ("--without", channel)]
    environment = {**os.environ, "REGULARS_SECRET": secrets.token_urlsafe(32)}
    with (ground.folder / "daemon.log").open("wb") as log:
        running = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603  (this very program)
        try:
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            try:
                running.wait(_ENDING)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def order_now(store: sa.Engine, settings: Settings, now: datetime, count: int) -> list[Order]:
    """Orders of the last minutes, by customers whose thanks may arrive now: it is daytime where they live.

    Spread over the languages. They have consented, got nothing for a month, and buy for enough to get a voucher.
    """
    by_language: dict[str, list[str]] = {}
    with store.connect().execution_options(reading=True) as connection:
        for row in connection.execute(_reachable(now)):
            if 9 <= now.astimezone(settings.zone_of(row.timezone)).hour < 20:
                by_language.setdefault(row.language, []).append(row.id)
    turns = zip_longest(*(by_language[language] for language in sorted(by_language)))
    chosen = [customer for turn in turns for customer in turn if customer is not None][:count]
    orders = [
        Order(f"{customer}-today", customer, now - timedelta(seconds=5 + number), 30_800 + 1_350 * number, 2)
        for number, customer in enumerate(chosen)
    ]
    with store.begin() as connection:
        put_orders(connection, [order.row() for order in orders], now)
    return orders


def _reachable(now: datetime) -> sa.Select[tuple[str, str, str]]:
    recently = now - timedelta(days=31)
    written_to = sa.select(outbox.c.customer_id).where(outbox.c.planned_at > recently)
    entered = sa.select(enrolments.c.customer_id).where(
        enrolments.c.playbook == "purchase-voucher", enrolments.c.entered_at > recently
    )
    agreed = sa.select(consents.c.customer_id).where(consents.c.channel == "email", consents.c.given)
    id_ = customers.c.id
    return (
        sa.select(id_, customers.c.language, customers.c.timezone)
        .where(customers.c.email.is_not(None), customers.c.orders_count >= 1, id_.in_(agreed))
        .where(id_.not_in(written_to), id_.not_in(entered))
        .order_by(customers.c.last_order_at.desc(), id_)
    )
