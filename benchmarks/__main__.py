"""`python -m benchmarks`: generates the stores where they are not kept yet, measures everything, prints one table."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks import advancing, delivering, enrolling, idling, mailing, memory
from benchmarks.generate import Size
from benchmarks.measure import Comparison, table
from benchmarks.stores import PostgresStores, SqliteStores, postgres

_HERE = Path(__file__).parent

Part = Callable[[], Iterable[Comparison]]


def main() -> None:
    """Runs the parts that were asked for and writes benchmarks/results/latest.md."""
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    sizes = (Size(10_000), Size(1_000)) if options.small else (Size(1_000_000), Size(10_000))
    found: list[Comparison] = []
    with ExitStack() as stack:
        stores = [("SQLite", SqliteStores(options.folder.resolve()))]
        if options.postgres:
            stores.append(("Postgres", stack.enter_context(postgres(options.folder.resolve()))))
        for name, part in _parts(stores, sizes):
            if not options.only or name.split()[0] in ("generate", *options.only):
                began = time.perf_counter()
                found += part()
                _write(sizes, found)  # part by part, so that a run that is broken off leaves what it measured
                print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    print(table(found))


def _parts(
    stores: Iterable[tuple[str, SqliteStores | PostgresStores]], sizes: tuple[Size, Size]
) -> Iterator[tuple[str, Part]]:
    large, small = sizes
    for where, kept in stores:
        yield f"generate {where}", partial(_generate, kept, sizes)
        yield f"enrol {where}", lambda kept=kept, where=where: enrolling.measure(kept.open(large), where)
        yield f"idle {where}", partial(_idle, kept, sizes, where)
        yield f"advance {where}", lambda kept=kept, where=where: advancing.measure(kept.open(small), where)
        if isinstance(kept, SqliteStores):
            yield "deliver", lambda kept=kept: delivering.compare(kept.folder)
            yield "mail", lambda kept=kept: mailing.measure(kept.open(small), small)
            yield "memory", lambda kept=kept: memory.measure(kept.open(large), kept.open(small), sizes)


def _generate(kept: SqliteStores | PostgresStores, sizes: tuple[Size, Size]) -> Iterable[Comparison]:
    for size in sizes:
        kept.open(size).dispose()
    return ()


def _idle(kept: SqliteStores | PostgresStores, sizes: tuple[Size, Size], where: str) -> Iterable[Comparison]:
    return idling.measure(kept.open(sizes[0]), kept.open(sizes[1]), sizes, where)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--small", action="store_true", help="ten thousand customers: whether the benchmarks run at all"
    )
    parser.add_argument("--postgres", action="store_true", help="on Postgres too (needs the `dev` extra)")
    parser.add_argument("--only", action="append", choices=("enrol", "idle", "advance", "deliver", "mail", "memory"))
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where generated stores are kept")
    return parser.parse_args()


def _write(sizes: tuple[Size, Size], found: Iterable[Comparison]) -> None:
    results = _HERE / "results"
    results.mkdir(exist_ok=True)
    (results / "latest.md").write_text(f"{_about(sizes)}\n\n{table(found)}\n")


def _about(sizes: tuple[Size, Size]) -> str:
    large, _ = sizes
    return (
        f"{large.customers:,} customers, {large.orders:,} orders. Medians of five rounds in turns (least … most); a ratio is"
        " that of the medians, with the least and the most of the rounds."
    )


if __name__ == "__main__":
    main()
