"""What the tests of crashes and doubts share: a message about to go, a relay, and workers that die or come back."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.failpoints import Crash, armed
from engine.store.ledger import outbox
from tests.scripted import Scripted
from tests.shop import SETTINGS, World, playbook

PAID = "when: {event: order.paid}\nif_running: parallel\n"
HELLO = playbook("p", f"{PAID}do:\n  - email: hello")
ORDER = playbook("p", f"{PAID}do:\n  - email: hello", purpose="transactional")


def about_to_send(
    store: sa.Engine, now: datetime, files: dict[str, str] = HELLO, *who: str, settings: str = SETTINGS
) -> tuple[World, Scripted]:
    """A world whose customers have bought, right before the tick that writes to them."""
    relay = Scripted()
    world = World(store, now, files, channel=relay, settings=settings)
    names = who or ("mei",)
    world.customers(*names)
    world.tick()
    for one in names:
        world.event("order.paid", one, total=100)
    return world, relay


def dies() -> None:
    """The program ends here, as by `kill -9`."""
    raise Crash


def dies_at(world: World, failpoint: str) -> None:
    """The next tick ends there, and the program is started anew."""
    with armed(failpoint), pytest.raises(Crash):
        world.tick_once()
    world.restart()


def later(world: World, by: timedelta = timedelta(minutes=2)) -> None:
    """The leases of a dead worker run out; Postgres measures them by its own clock."""
    world.now += by
    if world.store.dialect.name == "postgresql":
        over = sa.func.clock_timestamp() - sa.text("interval '1 second'")
        world.write(sa.update(outbox).where(outbox.c.lease_until.is_not(None)).values(lease_until=over))


def another(world: World, relay: Scripted | None = None) -> World:
    """A second worker on the same store, at the same instant."""
    return World(world.store, world.now, world.files, channel=relay or Scripted(), settings=world._settings)


def state(world: World) -> tuple[str, int, int]:
    """Where the one message stands: its state, how often it was tried, and how often sent again after a doubt."""
    row = world.message()
    return row["state"], row["attempts"], row["dup_risk"]
