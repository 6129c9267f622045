"""The most memory that a process takes while it enrols a whole store: `python -m benchmarks.memory STORE`."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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
    peak = _peak()
    empty(store)
    return peak


def _peak() -> int:
    """In bytes. The kernel's own mark of this program: `ru_maxrss` of a child begins with what its parent had taken."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    print(_enrol_everybody(sys.argv[1]))
