"""The shop's side: a client that tells what happened by `POST /events/batch`, and repeats it until it is acknowledged."""

import json
import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any

import sqlalchemy as sa

from engine.daemon import clock
from engine.store.ingest import put_customers
from tests.killer.lives import Life
from tests.killer.workspace import SOURCE_KEY

Event = dict[str, Any]

#: One in so many customers orders as much as all the others together, so that caps are met.
_HOT = 50
_LEAVES = 0.01  # of all events: somebody takes back the consent
_PATIENCE = 20.0  # seconds that the client waits for an answer before it asks again


@dataclass(frozen=True)
class Told:
    """An event that was acknowledged, and when: no later than this it was in the store."""

    event: Event
    at: float


def customers_of(count: int) -> list[dict[str, Any]]:
    """The customers of the shop. Three are platinum: they get something every minute."""
    tier = ("platinum",) * 3
    return [
        {
            "id": f"c{n:05}", "email": f"c{n:05}@example.com", "first_name": f"Name {n}", "email_consent": True,
            "tier": tier[n] if n < len(tier) else None,
        }
        for n in range(count)
    ]  # fmt: skip


def fill(store: sa.Engine, count: int) -> None:
    """Puts the customers into the store."""
    with store.begin() as connection:
        assert not put_customers(connection, customers_of(count), clock()).rejected


class Happenings:
    """What happens in the shop, by chance: what is told later follows from what was told."""

    def __init__(self, customers: int, seed: int, together: int) -> None:
        self._chance = random.Random(seed)
        self._customers, self._together = customers, together
        self._number = 0
        self._waiting: list[tuple[str, str]] = []  # parcels that may still be praised
        self._gone: set[str] = set()

    def batch(self, now: datetime) -> list[Event]:
        """The next events."""
        ready = len(self._waiting)  # what is told of one parcel comes later than it, if only by a moment
        return [self._event(now + timedelta(microseconds=n), ready) for n in range(self._together)]

    def _event(self, now: datetime, ready: int) -> Event:
        self._number += 1
        key, chance = f"e{self._number:07}", self._chance
        customer = self._customer()
        if chance.random() < _LEAVES and customer not in self._gone:
            self._gone.add(customer)
            name, payload = "consent.withdrawn", {"channel": "email", "how": "a form"}
        elif ready and chance.random() < 0.2:
            customer, order = self._waiting.pop(chance.randrange(min(ready, len(self._waiting))))
            name, payload = "parcel.praised", {"order_id": order}
        else:
            name = chance.choices(("order.paid", "parcel.received", "basket.left"), (4, 4, 3))[0]
            payload = {"order.paid": {"total": 10_000 + self._number}, "parcel.received": {"order_id": f"p-{key}"}}.get(
                name, {"basket": f"b-{key}"}
            )
        if name == "parcel.received":
            self._waiting.append((customer, f"p-{key}"))
        return {"id": key, "name": name, "customer_id": customer, "occurred_at": now, "payload": payload}

    def _customer(self) -> str:
        hot = self._chance.random() < 0.2
        return f"c{self._chance.randrange(max(self._customers // _HOT, 1) if hot else self._customers):05}"


class Client(threading.Thread):
    """Tells the shop's events, one batch after the other, each until it is acknowledged."""

    def __init__(self, happenings: Happenings, door: "Door") -> None:
        super().__init__(name="client", daemon=True)
        self.told: list[Told] = []
        self.repeated = 0
        self.allowed = 0  # events that may be told by now
        self._happenings, self.door = happenings, door
        self._over = threading.Event()
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._over.is_set():
                if len(self.told) < self.allowed:
                    self._tell(self._happenings.batch(clock()))
                else:
                    time.sleep(0.02)
        except BaseException as fault:
            self.fault = fault
            raise

    def _tell(self, batch: list[Event]) -> None:
        while not self.door.take(batch):
            self.repeated += 1
        at = time.monotonic()
        self.told += [Told(event, at) for event in batch]

    def finish(self) -> None:
        """Ends when the last batch is acknowledged."""
        self._over.set()
        self.join()


class Door:
    """`regulars serve`, begun anew whenever it was killed; `take` says whether a batch was acknowledged."""

    def __init__(self, begin: Callable[[int], Life]) -> None:
        """`begin` begins a life of it at a port."""
        self._begin = begin
        self._port = _free_port()
        self._line: HTTPConnection | None = None
        self.life: Life | None = None

    def take(self, batch: list[Event]) -> bool:
        """Hands a batch over; False where no answer came, or not all was acknowledged."""
        if self.life is None or not self.life.alive:
            self._hang_up()
            self.life = self._begin(self._port)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {SOURCE_KEY}"}
        try:
            if self._line is None:
                self._line = HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
            self._line.request("POST", "/events/batch", json.dumps([_written(one) for one in batch]), headers)
            answer = self._line.getresponse()
            results = json.loads(answer.read())["results"] if answer.status == 207 else []
        except (OSError, HTTPException, ValueError):
            self._hang_up()
            time.sleep(0.05)  # it is only just beginning, or was killed
            return False
        refused = [one for one in results if one["status"] not in (200, 201, 429, 503)]
        if refused:
            raise AssertionError(f"refused: {refused[0]}")
        if not results or any(one["status"] > 201 for one in results):
            time.sleep(0.1)
            return False
        return True

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None

    def close(self) -> None:
        """Ends the process."""
        self._hang_up()
        if self.life is not None:
            self.life.kill()


def _written(event: Event) -> dict[str, Any]:
    """An event as a shop writes it: amounts in the main unit."""
    payload = dict(event["payload"])
    if event["name"] == "order.paid":
        payload = {"order_id": event["id"], "total": f"{payload['total'] / 100:.2f}"}
    told = {"id": event["id"], "event": event["name"], "customer": event["customer_id"]}
    return {**told, "at": event["occurred_at"].isoformat(), **payload}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
