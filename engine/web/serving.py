"""The server under the application: uvicorn, with limits on what a stranger may hold open."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Connections at one time; what comes above is answered 503.
MOST_CONNECTIONS = 1000
#: Seconds within which the head of a request must have come; and bytes that it may have.
HEAD_IN_TIME, LONGEST_HEAD = 10.0, 16 * 1024


class Patient(H11Protocol):
    """A connection that is closed when no request comes over it in time, however slowly it drips."""

    in_time = HEAD_IN_TIME
    _until: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._forget()
        self._until = self.loop.call_later(self.in_time, self._over)

    def _forget(self) -> None:
        if self._until is not None:
            self._until.cancel()

    def _over(self) -> None:
        at_rest = self.cycle is None or self.cycle.response_complete
        if at_rest and not self.transport.is_closing():
            self.transport.close()


def server(app: ASGIApp, *, proxies: Sequence[str] = (), **options: Any) -> uvicorn.Server:
    """A server that is not listening yet. `proxies` are the addresses whose X-Forwarded-For is believed."""
    given: dict[str, Any] = {
        "http": Patient,
        "ws": "none",
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": list(proxies),
        "limit_concurrency": MOST_CONNECTIONS,
        "timeout_keep_alive": 5,
        "timeout_graceful_shutdown": 10,
        "h11_max_incomplete_event_size": LONGEST_HEAD,
    }
    return uvicorn.Server(uvicorn.Config(app, **{**given, **options}))


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=256)
