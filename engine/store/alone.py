"""One engine on one SQLite file: a lock of the operating system that ends with the process, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from engine.store.faults import StoreError


@contextmanager
def alone(url: sa.URL) -> Iterator[None]:
    """Holds a SQLite file for this process; raises `StoreError` where another engine has it. Postgres serves many."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        yield
        return
    path = Path(f"{url.database}.lock")
    try:
        opened = path.open("a+")
    except OSError as fault:
        raise StoreError(
            f"the lock {path} cannot be opened ({fault.strerror})",
            "give this user the right to write it, or delete it while no engine runs",
        ) from fault
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise StoreError(
                f"another engine (process {holder}) runs on {url.database}",
                "one SQLite file serves one engine; stop the other one, or use Postgres for several",
            ) from fault
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
