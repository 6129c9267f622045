"""`python -m benchmarks.drain`: drains one outbox with the engine and tells the seconds, in a process of its own."""

import argparse
import json
import resource
import time
from datetime import datetime

import sqlalchemy as sa

from benchmarks.outboxes import NOW, SECRETS, shop_of
from engine.channels import open_doors
from engine.cycles import leave_out_what_stays
from engine.deliver import Deliver
from engine.outgoing.compose import Compose
from engine.render import shared_presses
from engine.shop import Shop
from engine.store.connect import connect
from engine.store.ledger import outbox


def drain(store: sa.Engine, port: int, processes: int, connections: int) -> dict[str, float]:
    """Delivers everything that is due: seconds, and what this process and its children computed meanwhile."""
    shop = Shop(store, shop_of(port, processes, connections))
    doors = open_doors(shop.settings.channels, {}, _now)
    deliver = Deliver(Compose(shop, SECRETS, doors.sign), doors)
    _warm(processes)
    leave_out_what_stays()  # as a daemon does
    before, began = _computed(), time.perf_counter()
    counts = deliver(NOW).counts
    seconds = time.perf_counter() - began
    here = _computed() - before
    doors.close()
    shared_presses(processes).close()
    with store.connect() as connection:
        sent = connection.scalar(sa.select(sa.func.count()).where(outbox.c.state == "sent"))
        every = connection.scalar(sa.select(sa.func.count()).select_from(outbox))
    assert counts == {"sent": sent} and sent == every, (counts, every)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"seconds": seconds, "here": here, "children": children.ru_utime + children.ru_stime}


def _warm(processes: int) -> None:
    """The processes that write are there, as a daemon has them."""
    presses = shared_presses(processes)
    for press in presses.presses:
        press.start()
    while not all(press.ready for press in presses.presses):
        for press in presses.presses:
            press.drain()
        time.sleep(0.01)


def _computed() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _now() -> datetime:
    return NOW


def main() -> None:
    """Prints one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--profile", help="a file for the profile of this process")
    options = parser.parse_args()
    arguments = (connect(options.store), options.port, options.processes, options.connections)
    print(json.dumps(drain(*arguments)))


if __name__ == "__main__":
    main()
