"""Lives through the whole history and prints the totals: python -m tests.history [--share 10] [--days 600]"""

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.history.findings import findings
from tests.history.lived import PARTS, PLAYBOOKS, live
from tests.history.rules import read_rules
from tests.history.sound import nobody
from tests.history.totals import Totals, table, totals


def part_of(part: int, share: int, days: int) -> tuple[Totals, dict[str, list[str]], set[str]]:
    """The totals of one part, what is wrong in it, and the playbooks that nobody entered."""
    lived = live(part, PARTS, share, days)
    return totals(lived), findings(lived), set(nobody(lived, read_rules(PLAYBOOKS)))


def main() -> None:
    """All parts at once, then all together."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--share", type=int, default=1, help="only every so-many-th customer")
    arguments.add_argument("--days", type=int, default=600, help="only so many days from the beginning")
    chosen = arguments.parse_args()
    with ProcessPoolExecutor(PARTS) as workers:
        parts = list(workers.map(partial(part_of, share=chosen.share, days=chosen.days), range(PARTS)))
    print("\n".join(table(sum((found for found, _, _ in parts), Counter()))))  # noqa: T201
    print("\nentered by nobody:", ", ".join(sorted(set.intersection(*(none for _, _, none in parts)))) or "none")  # noqa: T201
    for number, (_, wrong, _) in enumerate(parts):
        for question, found in wrong.items():
            print(f"\nWRONG in part {number}: {question}", *found, sep="\n    ")  # noqa: T201


if __name__ == "__main__":
    main()
