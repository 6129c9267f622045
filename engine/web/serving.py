"""The server under the application: uvicorn, with limits on what a stranger may hold open."""

import socket
from collections.abc import Sequence

import uvicorn
from starlette.types import ASGIApp

#: Connections at one time; what comes above is answered 503.
MOST_CONNECTIONS = 500


def server(app: ASGIApp, *, proxies: Sequence[str] = ()) -> uvicorn.Server:
    """A server that is not listening yet. `proxies` are the addresses whose X-Forwarded-For is believed."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=10,
            h11_max_incomplete_event_size=16 * 1024,
        )
    )


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=256)
