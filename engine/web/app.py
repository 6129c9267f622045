"""The application: every room's routes behind one wall, which sets the headers and turns faults into plain answers."""

from collections.abc import Callable, Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from engine.web import events
from engine.web.site import Site

#: A room gives its routes for a site.
Room = Callable[[Site], Sequence[BaseRoute]]

#: All rooms of the house.
ROOMS: Final[Sequence[Room]] = (events.routes,)


def application(site: Site, rooms: Sequence[Room] = ROOMS) -> Starlette:
    """The application of a site."""
    routes = [route for room in rooms for route in room(site)]
    return Starlette(routes=routes)
