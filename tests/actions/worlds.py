"""A run that has just met the steps of a test."""

from datetime import datetime
from textwrap import indent

import sqlalchemy as sa

from tests.shop import World, playbook


def after(store: sa.Engine, now: datetime, steps: str, **customer: object) -> World:
    """The world right after Mei, who paid 100, entered a playbook of these steps."""
    body = f"when: {{event: order.paid}}\nif_running: parallel\ndo:\n{indent(steps.strip(), '  ')}\n"
    world = World(store, now, playbook("p", body))
    world.customers("mei", **customer)
    world.tick()
    world.event("order.paid", "mei", total=10_000)
    world.tick()
    return world
