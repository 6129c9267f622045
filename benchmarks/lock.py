"""How long another writer is kept out of a SQLite file: a process of its own asks for the write lock without a pause."""

import multiprocessing
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event


@contextmanager
def kept_out(path: str) -> Iterator[list[float]]:
    """While the block lasts; afterwards the list holds the longest time in seconds that the lock was not to be had."""
    found: list[float] = []
    context = multiprocessing.get_context("spawn")
    stop, ready = context.Event(), context.Event()
    mine, theirs = context.Pipe()
    process = context.Process(target=_ask, args=(path, stop, ready, theirs), daemon=True)
    process.start()
    ready.wait()
    try:
        yield found
    finally:
        stop.set()
        found.append(mine.recv())
        process.join()


def _ask(path: str, stop: Event, ready: Event, answer: Connection) -> None:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    longest, since = 0.0, None
    ready.set()
    while not stop.is_set():
        now = time.perf_counter()
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            since = None
        except sqlite3.OperationalError:
            since = since or now
            longest = max(longest, time.perf_counter() - since)
    answer.send(longest)
