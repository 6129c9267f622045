"""How long each hostile playbook takes:  python -m tests.hostile.measure"""

import sys
import time
from pathlib import Path

from engine.source.yaml import read_yaml
from engine.workspace import load_texts
from tests.hostile.yaml import CORPUS
from tests.workspace.test_gallery import HERE, files_of

BASE = files_of(HERE / "base")


def seconds(text: str | bytes) -> float:
    """The time of reading one file, or of a whole workspace where it can be read."""
    before = time.perf_counter()
    read_yaml("x.yaml", text)
    if isinstance(text, str):
        load_texts({**BASE, "x.yaml": text}, Path("playbooks"))
    return time.perf_counter() - before


def main() -> None:
    """Says the slowest ten, and the time that a sound workspace alone takes."""
    sound = min(seconds("") for _ in range(3))
    taken = sorted(((seconds(text), name) for name, text in CORPUS.items()), reverse=True)
    sys.stdout.write(f"{len(taken)} files; a workspace without one takes {sound * 1000:.0f} ms\n")
    for one, name in taken[:10]:
        sys.stdout.write(f"{(one - sound) * 1000:8.0f} ms  {name}\n")


if __name__ == "__main__":
    main()
