"""The door for events of other systems: `POST /events` and `POST /events/batch`."""

from engine.web.events.door import routes

__all__ = ["routes"]
