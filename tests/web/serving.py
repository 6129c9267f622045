"""The application on a real socket: uvicorn in a thread of the test."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any

from engine.web.app import ROOMS, Room, application
from engine.web.serving import listening, server
from engine.web.site import Site


@contextmanager
def served(site: Site, rooms: Sequence[Room] = ROOMS, **options: Any) -> Iterator[str]:
    """The URL under which the site answers; `options` are those of the server."""
    listener = listening("127.0.0.1", 0)
    running = server(application(site, rooms), **options)
    thread = Thread(target=running.run, kwargs={"sockets": [listener]}, name="web")
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"  # connections wait in the backlog until it takes them
    finally:
        running.should_exit = True
        thread.join()
