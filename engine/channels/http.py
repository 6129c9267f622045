"""The one way out over HTTP: it knows what it connects to, how long it waits, and whether the request has left."""

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from engine.channels.inside import Allowed

_MOST = 64 * 1024  # of a reply; what we read of it are a few fields
_GONE = ".send_request_headers.started"


@dataclass(frozen=True)
class Call:
    """A request; its address and its headers may hold secrets, so it has no text of its own."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    timeout: float  # seconds for all of it: name, connection, request and reply


@dataclass(frozen=True)
class Answer:
    """A reply. `whole` is False where its body broke off, was endless, or was still coming when the time was over."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


@dataclass(frozen=True)
class Silence:
    """No reply. `gone`: the request has left, so nobody knows what became of it; otherwise it certainly has not."""

    reason: str
    gone: bool


class _Refused(Exception):
    """The host must not be called."""


@dataclass
class _Progress:
    gone: bool = False
    answer: Answer | None = None

    async def trace(self, event: str, _details: Mapping[str, Any]) -> None:
        self.gone = self.gone or event.endswith(_GONE)


class Http:
    """Synchronous outside, an event loop of its own inside; one thread at a time may use it.

    Each call has a connection of its own: on one that rested, a request may fall into a closing that has not arrived
    yet, and leave a doubt for nothing. The name is resolved here, its addresses are checked, and the connection goes to
    a checked one, so that no second look-up can lead elsewhere; TLS still asks for the name. Redirects are not followed,
    and nothing of the environment (proxies, logins) is taken over.
    """

    def __init__(self, allowed: Allowed, *, most: int = _MOST, tls: ssl.SSLContext | None = None) -> None:
        self._allowed = allowed
        self._most = most
        self._tls = tls if tls is not None else httpx2.create_ssl_context()  # slow, so once; it heeds SSL_CERT_FILE
        self._runner = asyncio.Runner()

    def ask(self, calls: Sequence[Call]) -> list[Answer | Silence]:
        """Makes all calls at once; one answer for each, in their order."""
        return self._runner.run(self._ask_all(calls))

    def close(self) -> None:
        """Ends the loop; no connection is open between calls."""
        self._runner.close()

    async def _ask_all(self, calls: Sequence[Call]) -> list[Answer | Silence]:
        way = httpx2.AsyncHTTPTransport(
            verify=self._tls,
            trust_env=False,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        )
        async with way:
            return list(await asyncio.gather(*(self._ask(way, call) for call in calls)))

    async def _ask(self, way: httpx2.AsyncHTTPTransport, call: Call) -> Answer | Silence:
        progress = _Progress()
        try:
            async with asyncio.timeout(call.timeout):
                await self._converse(way, call, progress)
        except TimeoutError:
            reason = f"no answer within {call.timeout:g} seconds"
        except (_Refused, httpx2.TransportError, httpx2.InvalidURL, OSError, ValueError) as error:
            reason = _sentence(error)
        else:
            reason = "no answer"
        return progress.answer if progress.answer is not None else Silence(reason, progress.gone)

    async def _converse(self, way: httpx2.AsyncHTTPTransport, call: Call, progress: _Progress) -> None:
        url = httpx2.URL(call.url)
        addresses = await self._addresses(url)
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            request = self._request(call, url, address, progress, call.timeout / left)
            try:
                response = await way.handle_async_request(request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if left == 1:
                    raise
                continue
            await self._read(response, progress)
            return

    async def _addresses(self, url: httpx2.URL) -> list[str]:
        host = url.raw_host.decode("ascii")
        port = url.port or (443 if url.scheme == "https" else 80)
        if url.scheme not in ("http", "https") or not host:
            raise _Refused("only http:// and https:// are called")
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        refusal = self._allowed.refusal(host, addresses)
        if refusal is not None:
            raise _Refused(refusal)
        return addresses

    @staticmethod
    def _request(call: Call, url: httpx2.URL, address: str, progress: _Progress, patience: float) -> httpx2.Request:
        return httpx2.Request(
            call.method,
            url.copy_with(host=address),
            headers={
                **call.headers,
                "Host": url.netloc.decode("ascii"),
                "User-Agent": "regulars",
                "Accept-Encoding": "identity",  # a small reply must not unfold into a large one
                "Connection": "close",
            },
            content=call.body,
            extensions={
                "sni_hostname": url.raw_host.decode("ascii").rstrip("."),
                "timeout": {"connect": patience, "read": call.timeout, "write": call.timeout, "pool": call.timeout},
                "trace": progress.trace,
            },
        )

    async def _read(self, response: httpx2.Response, progress: _Progress) -> None:
        """Keeps the reply as it comes: its status counts, whatever becomes of the body."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        progress.answer = Answer(response.status_code, headers, b"", whole=False)
        stream, body = response.stream, b""
        assert isinstance(stream, httpx2.AsyncByteStream)
        try:
            async for piece in stream:
                body = (body + piece)[: self._most + 1]
                progress.answer = Answer(response.status_code, headers, body[: self._most], whole=False)
                if len(body) > self._most:
                    return
            progress.answer = Answer(response.status_code, headers, body, whole=True)
        finally:
            await stream.aclose()


def _sentence(error: BaseException) -> str:
    if isinstance(error, socket.gaierror):
        return f"the name of the server is not known: {error.strerror}"
    said = str(error) or type(error).__name__
    return f"no connection: {said}" if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout) else said
