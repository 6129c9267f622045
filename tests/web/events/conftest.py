"""A door for events behind a real socket, on each database."""

import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.routing import BaseRoute

from engine.shop import Shop
from engine.store.ingest import put_customers
from engine.web.events.door import Door
from engine.web.site import Site
from engine.workspace import load_texts
from tests.web.serving import served

WEBSHOP, TILL, OLD = "the-webshop-has-this-key-1", "the-till-has-this-key-1234", "the-webshop-had-this-key-0"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENVIRONMENT = {"WEBSHOP_KEY": f"{OLD} {WEBSHOP}", "TILL_KEY": TILL, "TILL_SECRET": SECRET, "APP_KEY": "a" * 30}
SETTINGS = """
brand: {name: Fine Shop, address: '1 High Street, Springfield'}
timezone: Europe/Berlin
currency: EUR
sources:
  webshop: {key: WEBSHOP_KEY}
  till: {key: TILL_KEY, secret: TILL_SECRET, events: [order.paid, voucher.redeemed]}
  app: {key: APP_KEY, unknown_customer: create, per_minute: 60}
"""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass
class Client:
    """Another system, with its key."""

    address: tuple[str, int]
    store: sa.Engine
    now: datetime
    site: Site
    key: str = WEBSHOP

    def post(self, body: Any, path: str = "/events", **headers: str) -> Answer:
        """Sends a body (an object becomes JSON) and reads the answer."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        sent = {**given, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection = HTTPConnection(*self.address, timeout=30)
        try:
            connection.request("POST", path, content, {name: value for name, value in sent.items() if value})
            answer = connection.getresponse()
            return Answer(
                answer.status, json.loads(answer.read()), {name.lower(): value for name, value in answer.getheaders()}
            )
        finally:
            connection.close()

    def batch(self, events: Any) -> list[dict[str, Any]]:
        """The results of a batch."""
        answer = self.post(events, "/events/batch")
        assert answer.status == 207, answer
        return answer.body["results"]

    def raw(self, head: str, *parts: bytes) -> bytes:
        """Sends bytes as they are, and reads until the server ends the connection."""
        with socket.create_connection(self.address, timeout=30) as connection:
            connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
            with suppress(ConnectionError):  # it may end what it does not want to read
                for part in parts:
                    connection.sendall(part)
            found = b""
            with suppress(ConnectionError):
                while more := connection.recv(65_536):
                    found += more
            return found


@pytest.fixture
def shop(store: sa.Engine, now: datetime) -> Shop:
    return shop_on(store, now)


def shop_on(store: sa.Engine, now: datetime) -> Shop:
    """A shop with two customers and three sources."""
    with store.begin() as connection:
        put_customers(connection, [{"id": "mei"}, {"id": "ana"}], now)
    return Shop(store, load_texts({"settings/regulars.yaml": SETTINGS}))


@pytest.fixture
def client(shop: Shop, now: datetime) -> Iterator[Client]:
    with door_of(shop, now) as found:
        yield found


@contextmanager
def door_of(shop: Shop, now: datetime, change: Callable[[Door], None] = lambda _: None) -> Iterator[Client]:
    """A server in a thread; `change` sets limits of its door that a test can reach."""
    site = Site(shop.store, shop, ["x" * 20], lambda: now, ENVIRONMENT)

    def room(of: Site) -> Sequence[BaseRoute]:
        door = Door(of)
        change(door)
        return door.routes()

    with served(site, [room]) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield Client((host, int(port)), shop.store, now, site)


def event(id_: str = "e1", name: str = "cart.updated", customer: str = "mei", **fields: Any) -> dict[str, Any]:
    """An event as a shop would send it."""
    return {"id": id_, "event": name, "customer": customer, "at": "2026-03-01T11:00:00Z", **fields}
