"""The application: every room's routes behind one wall, which sets the headers and turns faults into plain pages."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from engine.store.faults import StoreError
from engine.web import events, leaving
from engine.web.site import Site
from engine.web.wall import Wall, away, refused

#: A room gives its routes for a site.
Room = Callable[[Site], Sequence[BaseRoute]]

#: All rooms of the house.
ROOMS: Final[Sequence[Room]] = (leaving.routes, events.routes)


def application(site: Site, rooms: Sequence[Room] = ROOMS) -> Starlette:
    """The application of a site."""
    faults = {HTTPException: partial(refused, site), StoreError: partial(away, site)}
    routes = [route for room in rooms for route in room(site)]
    begins = {str(getattr(route, "path", "")).strip("/").split("/")[0] for route in routes}
    app = Starlette(routes=routes, middleware=[Middleware(Wall, site, begins)], exception_handlers=faults)
    app.router.redirect_slashes = False  # a link that is nearly one of ours is none
    return app
