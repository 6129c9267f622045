"""`python -m benchmarks.delivering`: an outbox is drained into a sink, by the engine and by what others send mails with.

Everything is on: the claim, both looks, rendering in limited processes, pipelined SMTP, the record. The others get the same
mail (their templates are made of ours) and the same sink: Postfix's smtp-source, which writes and records nothing; an
outbox with EmailMessage and aiosmtplib; django-post_office and django-drip-campaigns in an environment that is made here
from PyPI. Each is a process of its own, which begins to count when it is ready to send. All of them once a round, in turns.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import plain_mails
from benchmarks.measure import Comparison, Sample, Subject, in_turns, table
from benchmarks.outboxes import SENDER, copied, kept
from benchmarks.smtp_client import sink

_HERE = Path(__file__).parent
_PEERS = _HERE.parent / ".venv-peers"
_REQUIREMENTS = _HERE / "peers" / "requirements.txt"
_SIZE = 5_700  # of the mail, in bytes, for those who make it up


@dataclass
class Ground:
    """Where a run takes place, and what each round computed, by name, in seconds a mail."""

    folder: Path
    port: int
    mails: int
    connections: int
    computed: dict[str, list[float]] = field(default_factory=dict)

    def told(self, name: str, answer: str, mails: int) -> float:
        """The seconds a mail that a process told of; what it computed is kept."""
        found: dict[str, float] = json.loads(answer)
        self.computed.setdefault(name, []).append((found["here"] + found["children"]) / mails)
        return found["seconds"] / mails

    def note(self, name: str) -> str:
        """What it computed, for people."""
        return f"{median(self.computed[name]) * 1e6:,.0f} µs"


def ours(ground: Ground, processes: int) -> float:
    """The engine, on a copy of the outbox."""
    store = copied(kept(ground.folder, ground.mails))
    command = [
        sys.executable, "-m", "benchmarks.drain", f"sqlite:///{store}", "--port", str(ground.port),
        "--processes", str(processes), "--connections", str(ground.connections),
    ]  # fmt: skip
    return ground.told(f"ours, {processes}", _answer(command), ground.mails)


def peer(ground: Ground, name: str, mails: int) -> float:
    """One of the others, on a store of its own."""
    store, work = ground.folder / f"{name}.db", ground.folder / f"{name}.json"
    for end in ("", "-wal", "-shm"):
        Path(f"{store}{end}").unlink(missing_ok=True)
    told = {
        "store": str(store), "port": ground.port, "sender": SENDER, "connections": ground.connections,
        "parts": plain_mails.plain_templates(), "contexts": [plain_mails.plain_context(n) for n in range(mails)],
    }  # fmt: skip
    work.write_text(json.dumps(told), "utf-8")
    python = sys.executable if name == "textbook" else str(_PEERS / "bin" / "python")
    return ground.told(name, _answer([python, str(_HERE / "peers" / f"{name}.py"), str(work)]), mails)


def smtp_source(ground: Ground, program: str) -> float:
    """Postfix's own load generator, connections kept."""
    command = [
        program, "-d", "-s", str(ground.connections), "-m", str(ground.mails), "-l", str(_SIZE), "-f", SENDER,
        "-t", "c@customers.example", f"inet:127.0.0.1:{ground.port}",
    ]  # fmt: skip
    before, began = _children(), time.perf_counter()
    subprocess.run(command, check=True)
    seconds = time.perf_counter() - began
    ground.computed.setdefault("smtp-source", []).append((_children() - before) / ground.mails)
    return seconds / ground.mails


def _answer(command: Sequence[str]) -> str:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=_HERE.parent)
    return done.stdout.strip().splitlines()[-1]


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def install_peers() -> None:
    """The environment of the peers, made where it is not there or has other versions."""
    mark = _PEERS / "requirements.txt"
    if mark.exists() and mark.read_text() == _REQUIREMENTS.read_text():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(_PEERS)], check=True)
    subprocess.run([_PEERS / "bin" / "python", "-m", "pip", "install", "-q", "-r", str(_REQUIREMENTS)], check=True)
    shutil.copyfile(_REQUIREMENTS, mark)


@dataclass(frozen=True)
class Other:
    """Somebody else, and how many times his time a mail one process and two of the engine may take."""

    name: str
    run: Subject
    one: float | None
    two: float | None = None


def measure(ground: Ground, slow: int, rounds: int) -> list[Comparison]:
    """Without latency: the engine with one process that writes and with two, against each of the others."""
    others = [
        Other("the textbook", partial(peer, ground, "textbook", min(ground.mails, slow)), 1 / 8),
        Other("django-post_office 3.12.0", partial(peer, ground, "queued", min(ground.mails, slow)), 1 / 5),
        Other("django-drip-campaigns 1.16.2", partial(peer, ground, "dripping", min(ground.mails, slow // 2)), 1 / 15),
    ]
    program = shutil.which("smtp-source") or shutil.which("smtp-source", path="/usr/sbin")
    if program is not None:
        source = partial(smtp_source, ground, program)
        others.insert(0, Other("smtp-source -d", source, 1 / 0.18, 1 / 0.35))
    one, two, *theirs = in_turns(
        partial(ours, ground, 1), partial(ours, ground, 2), *(other.run for other in others), rounds=rounds
    )
    names = {"the textbook": "textbook", "smtp-source -d": "smtp-source"}
    names |= {other.name: "queued" for other in others if "post_office" in other.name}
    names |= {other.name: "dripping" for other in others if "drip" in other.name}
    found = []
    for processes, mine in ((1, one), (2, two)):
        what = f"deliver a mail, {processes} process{'es' if processes > 1 else ''}"
        for other, sample in zip(others, theirs, strict=True):
            aim = other.one if processes == 1 else other.two
            note = f"against {other.name}; {_rate(mine, sample)}; computing {ground.note(f'ours, {processes}')}"
            note += f" against {ground.note(names[other.name])}"
            found.append(Comparison(what, mine, sample, aim=aim, count=1, note=note))
    return found


def measure_far(ground: Ground, rounds: int) -> list[Comparison]:
    """The same with a sink whose answers take their time: connections wait, and nothing else matters."""
    mine, theirs = in_turns(partial(ours, ground, 1), partial(peer, ground, "textbook", ground.mails), rounds=rounds)
    what = f"deliver a mail, 20 ms of latency, {ground.connections} connections"
    note = f"against the textbook; {_rate(mine, theirs)}"
    return [Comparison(what, mine, theirs, aim=1 / 3.5, count=1, note=note)]


def _rate(mine: Sample, theirs: Sample) -> str:
    return f"{theirs.median / mine.median:.2f} times its rate"


def compare(
    folder: Path, mails: int = 5_000, slow: int = 1_500, far: int = 1_000, *, rounds: int = 5, connections: int = 10
) -> list[Comparison]:
    """Everything, with a sink that answers at once and with one that is far away."""
    install_peers()
    with sink() as port:
        found = measure(Ground(folder.resolve(), port, mails, connections), slow, rounds)
    if far:
        with sink(0.02) as port:
            found += measure_far(Ground(folder.resolve(), port, far, connections), rounds)
    return found


def main() -> None:
    """Prints one table, and what the machine had to do besides."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.delivering",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--mails", type=int, default=5_000)
    parser.add_argument("--slow", type=int, default=1_500, help="mails at most for those who take long")
    parser.add_argument("--far", type=int, default=1_000, help="mails with latency; 0 leaves that out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where the outbox is kept")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    before = os.getloadavg()
    found = compare(
        options.folder, options.mails, options.slow, options.far, rounds=options.rounds, connections=options.connections
    )
    print(table(found))
    load = f"{before[0]:.1f} before, {os.getloadavg()[0]:.1f} after"
    print(f"\n{os.cpu_count()} cores, load {load}; {options.mails:,} mails a round, {options.rounds} rounds in turns.")


if __name__ == "__main__":
    main()
