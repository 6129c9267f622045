"""The routes of the pages: `/u/…` is the link of a mail, `/p/…` what somebody receives; only a POST changes anything."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from engine.failpoints import reach
from engine.guards import EVERY_TOPIC
from engine.render import Leave, read_unsubscribe_token, seal, unseal
from engine.shop import Shop
from engine.store.ingest.consents import Evidence
from engine.web.leaving.acts import Done, choose, leave, leave_all, undo
from engine.web.leaving.choices import Standing, offered, standing
from engine.web.leaving.forms import IN_TIME, read_form
from engine.web.leaving.page import POLICY, Page
from engine.web.leaving.pen import Act, Pen
from engine.web.leaving.words import spoken, words_of
from engine.web.pace import Pace, asker
from engine.web.site import Site

_CHOICES, _UNDO = "preferences", "undo.2"
#: Looked up for a link that is not ours, so that its answer takes as long as that of a customer who is gone.
_NOBODY = "-1"

Answer = Callable[[Request, Shop], Awaitable[Response]]


def routes(site: Site) -> Sequence[BaseRoute]:
    """The routes of the pages."""
    door = Door(site)
    return [
        Route("/u/{token}", door.answering(get=door.link, post=door.left), methods=["GET", "POST"]),
        Route("/p/{token}", door.answering(get=door.choices, post=door.chosen), methods=["GET", "POST"]),
    ]


@dataclass
class Door:
    """Answers customers."""

    site: Site
    in_time: float = IN_TIME
    pen: Pen = field(init=False)
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self.pen, self.pace = Pen(self.site.store), Pace(self.site.now)

    def answering(self, get: Answer, post: Answer) -> Callable[[Request], Awaitable[Response]]:
        """What answers a request at its pace, with the shop as its files say it now."""

        async def answer(request: Request) -> Response:
            address = asker(request.scope) or ""
            if wait := self.pace.wait(address):
                raise HTTPException(429, headers={"Retry-After": str(wait)})
            try:
                return await (post if request.method == "POST" else get)(request, self.site.shop)
            except HTTPException as fault:
                if fault.status_code == 404:
                    self.pace.wrong(address)
                raise

        return answer

    async def link(self, request: Request, shop: Shop) -> Response:
        """The link of a mail, opened by whomever: a person, a scanner, a browser that looks ahead. Nothing changes."""
        said = self._leave(request)
        now = await self._standing(shop, said and said.customer)
        if said is None or now is None:
            raise HTTPException(404)
        return self._page(shop, now, what=said, gets=now.gets(said.channel, said.topic or EVERY_TOPIC))

    async def left(self, request: Request, shop: Shop) -> Response:
        """One click (RFC 8058), by the mail program or by the button of the page."""
        form, said = await read_form(request, self.in_time), self._leave(request)
        if said is None:
            return await self._nobody(shop)
        by_page = _first(form, "do") == "leave"
        evidence = self._evidence(request, "unsubscribe link" if by_page else "one-click")
        done = await self._write(lambda connection: leave(shop, connection, said, evidence))
        if by_page:
            return await self._told(shop, done, "left", what=said)
        return PlainTextResponse(f"{words_of(self._language(shop, done.was)).left}\n")

    async def choices(self, request: Request, shop: Shop) -> Response:
        """What somebody receives."""
        customer = self._customer(request)
        now = await self._standing(shop, customer)
        if customer is None or now is None:
            raise HTTPException(404)
        return self._page(shop, now)

    async def chosen(self, request: Request, shop: Shop) -> Response:
        """What somebody wants to receive, or that a deed be taken back."""
        form, customer = await read_form(request, self.in_time), self._customer(request)
        if customer is None:
            return await self._nobody(shop)
        evidence = self._evidence(request, "preferences page")
        match _first(form, "do"):
            case "save":
                wanted = _wanted(form, offered(shop))
                done = await self._write(lambda connection: choose(shop, connection, customer, wanted, evidence))
                return await self._told(shop, done, "saved")
            case "leave-all":
                done = await self._write(lambda connection: leave_all(shop, connection, customer, evidence))
                return await self._told(shop, done, "left")
            case "undo":
                deed = unseal(self.site.secrets, _UNDO, _first(form, "undo")) or [None, {}]
                before = deed[1] if deed[0] == customer else {}
                evidence = self._evidence(request, "undo on the page")
                done = await self._write(lambda connection: undo(shop, connection, customer, before, evidence))
                return await self._told(shop, done, "undone" if done.before else None)
        raise HTTPException(400)

    # --- Who asks ----------------------------------------------------------------------------------------------------

    def _leave(self, request: Request) -> Leave | None:
        return read_unsubscribe_token(self.site.secrets, request.path_params["token"])

    def _customer(self, request: Request) -> str | None:
        values = unseal(self.site.secrets, _CHOICES, request.path_params["token"])
        return str(values[0]) if values else None

    async def _standing(self, shop: Shop, customer: str | None) -> Standing | None:
        at = self.site.now()
        return await self.pen.read(lambda connection: standing(shop, connection, customer or _NOBODY, at))

    async def _nobody(self, shop: Shop) -> Response:
        await self._standing(shop, None)
        raise HTTPException(404)

    async def _write(self, act: Act[Done | None]) -> Done:
        done = await self.pen.write(act)
        reach("web.left")
        if done is None:
            raise HTTPException(404)
        return done

    def _evidence(self, request: Request, how: str) -> Evidence:
        return Evidence(how, self.site.now(), asker(request.scope))

    # --- What is answered --------------------------------------------------------------------------------------------

    def _language(self, shop: Shop, now: Standing) -> str:
        return spoken(shop.settings.language_chain(now.language), shop.settings.languages)

    async def _told(self, shop: Shop, done: Done, heading: str | None, what: Leave | None = None) -> Response:
        """The page after a deed, with the way back."""
        now = await self._standing(shop, done.was.customer)
        undo = heading if heading != "undone" and done.before else None
        sealed = seal(self.site.secrets, _UNDO, [done.was.customer, done.before]) if undo else None
        return self._page(shop, now or done.was, what=what, done=heading, undo=sealed)

    def _page(
        self,
        shop: Shop,
        now: Standing,
        what: Leave | None = None,
        done: str | None = None,
        **said: Any,
    ) -> Response:
        page = Page(shop.settings, self._language(shop, now))
        choices = f"../p/{seal(self.site.secrets, _CHOICES, [now.customer])}"
        named = page.named(what.channel, what.topic) if what is not None else None
        heading = getattr(words_of(page.language), done) if done else None
        text = page.choice(now, offered(shop), choices, what=named, done=heading, **said)
        return HTMLResponse(text, headers={"Content-Security-Policy": POLICY, "Content-Language": page.language})


def _first(form: Mapping[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]


def _wanted(form: Mapping[str, list[str]], topics: Sequence[str]) -> dict[tuple[str, str], bool]:
    """What was shown, and whether it is kept; what the form does not speak of stays as it is."""
    kept = frozenset(form.get("keep", ()))
    shown = {one: one.partition(":") for one in form.get("seen", ())}
    return {(channel, topic): one in kept for one, (channel, _, topic) in shown.items() if topic in topics}
