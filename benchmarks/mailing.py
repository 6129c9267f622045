"""Mails: writing one against rendering alone, and the pass that delivers against a bare loop that renders and sends."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing.connection import Connection

import sqlalchemy as sa

from benchmarks.gates import OpenGate
from benchmarks.generate import NOW, Size
from benchmarks.ledgers import empty
from benchmarks.measure import Comparison, in_turns, timed
from benchmarks.playbooks import EVERYBODY, workspace
from engine.advance import Advance
from engine.channels import Doors, Letter
from engine.channels.sink import Sink
from engine.channels.smtp import Smtp
from engine.deliver import Deliver
from engine.enrol import Entry
from engine.outgoing.compose import Compose
from engine.render import MailHeaders, Money, build_mail, render
from engine.shop import Shop
from engine.store.ledger import outbox
from engine.tick import audience_of
from engine.trigger import Window

SECRETS = ["a secret of the benchmark"]
#: Mails in a round, at most.
_MAILS = 2_000
_SENDER = "hello@tea.example.com"


def measure(store: sa.Engine, size: Size) -> Iterator[Comparison]:
    """Both comparisons; the sink is a process of its own on this machine."""
    yield _writing(store)
    with _sink() as port:
        yield _delivering(store, port, min(_MAILS, size.customers))


def _writing(store: sa.Engine) -> Comparison:
    shop = Shop(store, workspace(EVERYBODY))
    templates = Compose(shop, SECRETS).template(shop.workspace.playbooks["everybody"], "winback-standard", "en")
    settings = shop.workspace.settings
    assert templates[1] is not None and settings is not None
    template, contexts = templates[1], [_context(number) for number in range(500)]

    def rendered() -> list[object]:
        return [render(template, one, "en", settings.zone, "CNY", unsubscribe_url=_URL) for one in contexts]

    def written() -> None:
        for number, one in enumerate(contexts):
            content = render(template, one, "en", settings.zone, "CNY", unsubscribe_url=_URL)
            build_mail(content, _headers(number, f"customer-{number}@customers.example"))

    both, alone = in_turns(lambda: timed(written) / 500, lambda: timed(rendered) / 500)
    return Comparison("render and build a mail", both, alone, aim=2, count=1, note="against rendering alone")


_URL = "https://tea.example.com/u/0123456789"


def _context(number: int) -> dict[str, dict[str, object]]:
    offer = {"code": f"BACK10-{number:010}", "expires_at": NOW + timedelta(days=30)}
    customer = {"first_name": ("Mei", "Анна", "지우")[number % 3], "lifetime_spend": Money(123_400, "CNY")}
    brand = {"name": "Pine & Jasmine Tea House", "address": "18 Wukang Road", "website": "https://tea.example.com"}
    return {"customer": customer, "event": {}, "offer": offer, "brand": brand}


def _headers(number: int, to: str) -> MailHeaders:
    return MailHeaders(
        sender=f"Tea House <{_SENDER}>", to=to, reply_to=None, message_id=f"<{number}@tea.example.com>",
        date=NOW, unsubscribe_url=_URL,
    )  # fmt: skip


def _delivering(store: sa.Engine, port: int, mails: int) -> Comparison:
    shop = Shop(store, workspace(EVERYBODY))
    playbook = shop.workspace.playbooks["everybody"]
    settings = shop.workspace.settings
    assert settings is not None and settings.channels.email is not None
    email = settings.channels.email.model_copy(update={"host": "127.0.0.1", "port": port})
    _, template = Compose(shop, SECRETS).template(playbook, "winback-standard", "en")
    assert template is not None

    def engine() -> float:
        empty(store)
        Entry(playbook, shop.ground(playbook)).begin(store, Window(NOW, NOW, 1, 1), audience_of(playbook))
        Advance(shop)(NOW)
        with store.begin() as connection:
            kept = sa.select(outbox.c.id).order_by(outbox.c.id).limit(mails)
            connection.execute(sa.delete(outbox).where(outbox.c.id.not_in(kept)))
        channel = Smtp(email, {}, _now)
        deliver = Deliver(Compose(shop, SECRETS), Doors.all_to(channel))
        counts: dict[str, int] = {}
        seconds = timed(lambda: counts.update(deliver(NOW).counts))
        channel.close()
        assert counts == {"sent": mails}, counts
        return seconds / mails

    def letters() -> Iterator[Letter]:
        for number in range(mails):
            to = f"c{number:07}@customers.example"
            content = render(template, _context(number), "en", settings.zone, "CNY", unsubscribe_url=_URL)
            yield Letter(str(number), _SENDER, to, build_mail(content, _headers(number, to)))

    def loop() -> float:
        channel = Smtp(email, {}, _now)
        gate = OpenGate()
        seconds = timed(lambda: channel.send(letters(), gate))
        assert gate.done == mails
        channel.close()
        return seconds / mails

    pass_, bare = in_turns(engine, loop)
    empty(store)
    note = f"a mail; {mails:,} over {email.connections} connections in both, claims, guards and two commits beside"
    return Comparison("deliver a mail, SQLite", pass_, bare, count=1, note=note)


def _now() -> datetime:
    return NOW


@contextmanager
def _sink() -> Iterator[int]:
    """A mail server in a process of its own, which forgets what it gets."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join()


def _serve(parent: Connection) -> None:
    with Sink(lambda _mail: None) as sink:
        parent.send(sink.port)
        parent.recv()
