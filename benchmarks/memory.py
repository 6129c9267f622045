"""The most memory that a process takes while it enrols a whole store: `python -m benchmarks.memory STORE`."""

import resource
import subprocess
import sys
from collections.abc import Iterator

import sqlalchemy as sa

from benchmarks.generate import NOW, Size
from benchmarks.ledgers import empty
from benchmarks.measure import Comparison, in_turns
from benchmarks.playbooks import EVERYBODY, workspace
from engine.enrol import Entry
from engine.shop import Shop
from engine.store.connect import connect
from engine.tick import audience_of
from engine.trigger import Window


def measure(large: sa.Engine, small: sa.Engine, sizes: tuple[Size, Size]) -> Iterator[Comparison]:
    """A process for each store; everybody in it is enrolled."""

    def peak(store: sa.Engine) -> float:
        url = store.url.render_as_string(hide_password=False)
        done = subprocess.run([sys.executable, "-m", "benchmarks.memory", url], check=True, capture_output=True)
        return float(done.stdout)

    big, little = in_turns(lambda: peak(large), lambda: peak(small), rounds=3)
    what = f"peak memory, {sizes[0].name} against {sizes[1].name} enrolled"
    yield Comparison(what, big, little, aim=1.5, unit="MB", note="the whole process; three rounds")


def _enrol_everybody(url: str) -> int:
    store = connect(url)
    shop = Shop(store, workspace(EVERYBODY))
    playbook = shop.workspace.playbooks["everybody"]
    empty(store)
    Entry(playbook, shop.ground(playbook)).begin(store, Window(NOW, NOW, 1, 1), audience_of(playbook))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    empty(store)
    return peak


if __name__ == "__main__":
    print(_enrol_everybody(sys.argv[1]))
