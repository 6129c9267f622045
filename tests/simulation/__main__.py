"""Lives through many seeds and says what went wrong in any of them: python -m tests.simulation --seeds 10000 [--first 0]"""

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.simulation import one

PART = 50


def part(first: int, count: int) -> tuple[Counter[str], list[str]]:
    """The totals of some seeds, and what is wrong in them."""
    totals: Counter[str] = Counter()
    wrong: list[str] = []
    for seed in range(first, first + count):
        counts, found = one.live(seed)
        totals.update(counts)
        wrong += found
    return totals, wrong


def main() -> None:
    """All seeds, with progress."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", type=int, default=10_000)
    arguments.add_argument("--first", type=int, default=0)
    arguments.add_argument("--processes", type=int, default=2)
    chosen = arguments.parse_args()
    firsts = range(chosen.first, chosen.first + chosen.seeds, PART)
    totals: Counter[str] = Counter()
    wrong: list[str] = []
    with ProcessPoolExecutor(chosen.processes) as workers:
        lives = workers.map(part, firsts, [min(PART, chosen.first + chosen.seeds - one) for one in firsts])
        for number, (counts, found) in enumerate(lives, 1):
            totals.update(counts)
            wrong += found
            for one in found:
                print(f"\r{one}", file=sys.stderr)  # noqa: T201
            print(f"\r{number * PART:,} seeds, {len(wrong)} violations", end="", file=sys.stderr, flush=True)  # noqa: T201
    print(file=sys.stderr)  # noqa: T201
    print("\n".join(f"{name:<28}{count:>12,}" for name, count in sorted(totals.items())))  # noqa: T201
    print(f"{'violations':<28}{len(wrong):>12,}", *wrong[:50], sep="\n")  # noqa: T201
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
