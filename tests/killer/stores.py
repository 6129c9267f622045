"""The two databases under the engine: a SQLite file, and a Postgres that can be torn down and started again."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.postgres import folder_for_server, make_cluster, programs, start_process, wait_until_ready

#: What is committed is in the hands of the operating system, which survives a kill; only a loss of power would need more.
_SETTINGS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "synchronous_commit=on", "max_connections=60")
#: The shell waits for the end of its input, which comes however the killer ends; SIGQUIT is the immediate shutdown.
_GUARD = '"$@" & server=$!; read -r _; kill -QUIT $server; wait $server'


class Postgres:
    """A server of its own in a folder; `restart` is what `pg_ctl restart -m immediate` does: no goodbye, then recovery."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = f"postgresql://postgres@/postgres?host={folder}"
        make_cluster(folder / "data")
        self._start()

    def _start(self) -> None:
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        server = [programs() / "postgres", "-D", self._folder / "data", "-k", self._folder, *settings]
        self._guard: subprocess.Popen[bytes] = start_process(["sh", "-c", _GUARD, "guard", *server])
        wait_until_ready(self.url)

    def stop(self) -> None:
        """As after a crash of the server."""
        self._guard.communicate()

    def restart(self) -> None:
        """Down and up again."""
        self.stop()
        self._start()

    def hang_up(self) -> int:
        """Ends all connections; how many there were."""
        others = "pid <> pg_backend_pid() AND backend_type = 'client backend'"
        with psycopg.connect(self.url, autocommit=True) as connection:
            ended = connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
            return len(ended.fetchall())


@contextmanager
def running(kind: str, folder: Path) -> Iterator[tuple[str, Postgres | None]]:
    """A store of that kind, without tables; what restarts it where it is a server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'store.sqlite'}", None
        return
    place = folder_for_server()
    server = Postgres(place)
    try:
        yield server.url, server
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)
