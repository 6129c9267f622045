"""The wall around all rooms: it sets the headers that every answer has, and turns every fault into a plain page."""

from collections.abc import Collection, Mapping

import structlog
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.store.faults import StoreError
from engine.web.leaving.page import POLICY, Page
from engine.web.leaving.words import asked_for, words_of
from engine.web.site import Site

_log = structlog.get_logger()

#: Of every answer that does not say otherwise.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_COME_AGAIN = {"Retry-After": "30"}


class Wall:
    """Stands between the server and the rooms; `begins` are the words with which their paths begin."""

    def __init__(self, app: ASGIApp, site: Site, begins: Collection[str]) -> None:
        self.app, self.site, self.begins = app, site, begins
        self._noticed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        self._notice_proxy(scope)
        begun = False

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(self._inside(scope), receive, dressed)
        except Exception:
            _log.exception("a fault of the engine in a page", path=scope["path"].split("/")[1:2])
            if not begun:
                await _fault(self.site, Request(scope), 500, {})(scope, receive, dressed)
        return None

    def _notice_proxy(self, scope: Scope) -> None:
        """Says once that everybody seems to ask from one address; the port of one that a proxy told is 0."""
        client, names = scope.get("client"), {name for name, _ in scope["headers"]}
        if not self._noticed and client and client[1] and b"x-forwarded-for" in names:
            self._noticed = True
            _log.warning("a proxy seems to stand in front; who asks is not known", type=f"--proxy {client[0]}")

    def _inside(self, scope: Scope) -> Scope:
        """The request as the rooms know it: some proxies pass the path of the shop's address on, some take it away."""
        path = self.site.shop.settings.web.path
        rest = scope["path"].removeprefix(f"{path}/")
        # A path that is itself named like a room, as in https://shop.example/u, may have been taken away already.
        if path and rest != scope["path"] and rest.split("/")[0] in self.begins:
            return {**scope, "path": f"/{rest}", "raw_path": None}
        return scope


def refused(site: Site, request: Request, fault: Exception) -> Response:
    """What a request is told that cannot be answered; for links that are not ours it is always the same."""
    status, headers = (fault.status_code, fault.headers) if isinstance(fault, HTTPException) else (500, None)
    return _fault(site, request, status, headers or {})


def away(site: Site, request: Request, fault: Exception) -> Response:
    """What a request is told while the store cannot be asked."""
    _log.error(
        "the store failed; a page could not be answered", reason=str(fault) if isinstance(fault, StoreError) else ""
    )
    return _fault(site, request, 503, _COME_AGAIN)


def _fault(site: Site, request: Request, status: int, headers: Mapping[str, str]) -> Response:
    settings = site.shop.settings
    page = Page(settings, asked_for(request.headers.get("accept-language", ""), settings.languages))
    words = words_of(page.language)
    text = words.lost, words.lost_help
    if status == 429:
        text = words.busy, words.busy_help
    elif status >= 500:
        text = words.away, words.away_help
    own = {"Content-Security-Policy": POLICY, "Content-Language": page.language}
    return HTMLResponse(page.fault(*text), status, {**headers, **own})
