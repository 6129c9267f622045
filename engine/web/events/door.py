"""`POST /events` and `POST /events/batch`: each request is checked from the outside in, and answered after the commit."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engine.shop import Shop
from engine.store.ingest import Received, Told
from engine.web.events.body import IN_TIME, check_head, read_body
from engine.web.events.keys import Keys
from engine.web.events.limits import Body, Held, Rates
from engine.web.events.reading import Desk, read, told
from engine.web.events.refusal import Refusal, busy
from engine.web.events.writer import Writer
from engine.web.site import Site

_log = structlog.get_logger()

#: Bytes of a request with one event, and of one with many; and how many these are.
MOST_OF_ONE = 1024 * 1024
MOST_OF_BATCH = 8 * 1024 * 1024
MOST_EVENTS = 10_000

#: Seconds after which a source is told to come again, whatever becomes of what waits to be written.
_PATIENCE = 30.0

#: One of them does something; the others are told so in JSON, as everything is here.
_METHODS = ("POST", "GET", "PUT", "PATCH", "DELETE", "OPTIONS")

_Answer = tuple[int, Any]


def routes(site: Site) -> Sequence[BaseRoute]:
    """The routes of the door."""
    return Door(site).routes()


@dataclass
class Door:
    """Takes events for a site."""

    site: Site
    in_time: float = IN_TIME
    rates: Rates = field(default_factory=Rates)
    held: Held = field(default_factory=Held)
    writer: Writer = field(init=False)
    _shop: Shop = field(init=False)
    _keys: Keys = field(init=False)

    def __post_init__(self) -> None:
        self.writer = Writer(self.site.store, self.site.now)
        self._take_up(self.site.shop)

    def routes(self) -> Sequence[BaseRoute]:
        """Where events are taken."""
        return [
            Route("/events", self.answering(self.one, MOST_OF_ONE), methods=_METHODS),
            Route("/events/batch", self.answering(self.many, MOST_OF_BATCH), methods=_METHODS),
        ]

    def _take_up(self, shop: Shop) -> None:
        """Goes by the settings of that shop from now on."""
        self._shop, self._keys = shop, Keys.read(shop.settings.sources, self.site.environment)
        for fault in self._keys.faults:
            _log.warning(fault)
        for name, source in shop.settings.sources.items():
            for event in sorted({*source.events} - shop.catalogue.events.keys()):
                _log.warning(f"the source `{name}` may tell `{event}`, which is not an event of the catalogue")

    def answering(
        self, take: Callable[[str, bytes], Awaitable[_Answer]], most: int
    ) -> Callable[[Request], Awaitable[Response]]:
        """What answers requests of one kind, whose bodies have at most so many bytes."""

        async def answer(request: Request) -> Response:
            try:
                with self.held.body() as body:
                    source, content = await self._admit(request, body, most)
                    status, found = await take(source, content)
                    return _response(status, found)
            except Refusal as refusal:
                return _response(refusal.status, refusal.body, refusal.headers)

        return answer

    async def _admit(self, request: Request, body: Body, most: int) -> tuple[str, bytes]:
        """The source that speaks, and what it says. Raises `Refusal`."""
        if request.method != "POST":
            raise Refusal(405, "events are told by POST", "send  POST", headers={"Allow": "POST"})
        if self._shop is not self.site.shop:
            self._take_up(self.site.shop)
        keys = self._keys
        source = keys.whose(request.headers.get("authorization", ""))
        if source is None:
            raise _unknown()
        check_head(request, most)
        content = await read_body(request, most, body, self.in_time)
        if not keys.is_signed(source, request.headers, content, self.site.now()):
            raise _unknown()
        return source, content

    async def one(self, source: str, content: bytes) -> _Answer:
        """One event: 201, or 200 for a repeat. Raises `Refusal`."""
        desk, per_minute = self._desk(source)
        self.rates.take(source, 1, per_minute)
        event = desk.event(source, read(content))
        (result,) = await self._write([event])
        if isinstance(result, Refusal):
            raise result
        return told(event, result, late=desk.is_late(event))

    async def many(self, source: str, content: bytes) -> _Answer:
        """A batch: 207, with a result for each event in its place. Raises `Refusal` where it is no list."""
        desk, per_minute = self._desk(source)
        written = await asyncio.to_thread(read, content)
        if not isinstance(written, list):
            raise Refusal(400, "a batch is a list of events", "send  [{…}, {…}]; one event alone goes to  /events")
        if len(written) > MOST_EVENTS:
            raise Refusal(413, f"{len(written):,} events in one batch", f"send at most {MOST_EVENTS:,}")
        self.rates.take(source, len(written), per_minute)
        found = await asyncio.to_thread(lambda: [_attempt(desk, source, one) for one in written])
        good = [one for one in found if isinstance(one, Told)]
        results = iter(await self._write(good))
        answers = [
            told(one, next(results), late=desk.is_late(one)) if isinstance(one, Told) else (one.status, one.body)
            for one in found
        ]
        return 207, {"results": [{"status": status, **body} for status, body in answers]}

    def _desk(self, source: str) -> tuple[Desk, int]:
        """Where its events are read, and how many it may tell; settings that know it no more came while it sent."""
        desk = Desk.of(self._shop, self.site.now())
        if source not in desk.shop.settings.sources:
            raise _unknown()
        return desk, desk.shop.settings.sources[source].per_minute

    async def _write(self, events: Sequence[Told]) -> Sequence[Received | Refusal]:
        try:
            return await asyncio.wait_for(self.writer.write(events), _PATIENCE)
        except TimeoutError:
            raise busy(
                "the store takes too long", "send it again: what was stored already is known as a repeat"
            ) from None


def _unknown() -> Refusal:
    """The same words for a key that is absent, one that is wrong, and a signature that is wrong, old or absent."""
    advice = "send  Authorization: Bearer KEY  with the source's key, and a fresh signature where it has a secret"
    return Refusal(401, "the key or the signature is not right", advice, headers={"WWW-Authenticate": "Bearer"})


def _attempt(desk: Desk, source: str, written: Any) -> Told | Refusal:
    try:
        return desk.event(source, written)
    except Refusal as refusal:
        return refusal


def _response(status: int, found: Any, headers: Any = None) -> Response:
    body = json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body + b"\n", status, {"Cache-Control": "no-store", **(headers or {})}, "application/json")
