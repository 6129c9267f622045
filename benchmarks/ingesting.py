"""Events over HTTP: `python -m benchmarks.ingesting`. How many a second, how long an answer takes, beside the bare INSERT.

`regulars serve` runs as a process of its own on a durable store; twenty clients send one event after the other, each
answered after its commit; then batches of a thousand. The bare INSERT writes the same rows, one a commit.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from benchmarks.stores import postgres
from engine.store.connect import connect
from engine.store.customers import events
from engine.store.ingest import put_customers
from engine.store.migrate import migrate
from engine.store.sources import receipts

CLIENTS = 20
CUSTOMERS = 10_000
KEY = "a-key-of-the-benchmark-alone"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = """
brand: {name: Shop, address: '1 High Street'}
timezone: UTC
currency: EUR
sources: {shop: {key: SHOP_KEY, per_minute: 9999999}}
"""
_HEAD = (
    "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    "Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
)


def main() -> None:
    """Measures both databases and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingesting", description=__doc__)
    parser.add_argument(
        "--events", type=int, default=20_000, help="events sent one by one; five times as many in batches"
    )
    options = parser.parse_args()
    print("| store | how | events a second | p50 | p99 |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)  # Postgres runs as somebody else
        server = stack.enter_context(postgres(Path(folder)))
        for name, store in (
            ("SQLite", connect(f"sqlite:///{folder}/store.db")),
            ("Postgres", _database(server.server)),
        ):
            migrate(store)
            with store.begin() as connection:
                put_customers(connection, [{"id": f"c{one}"} for one in range(CUSTOMERS)], NOW)
            _bare(name, store, min(options.events, 5_000))
            with _serving(store, Path(folder)) as port:
                _over_http(name, port, options.events)
            with store.connect() as connection:
                found = [
                    connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in (events, receipts)
                ]
            assert found == [options.events * 6 + min(options.events, 5_000), options.events * 6], found


def _database(server: str) -> sa.Engine:
    plain = connect(server)
    with plain.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE ingesting")
    return connect(server.replace("@/postgres?", "@/ingesting?"))


def _event(number: int) -> dict[str, object]:
    at = f"2026-03-01T{number % 10:02}:00:00Z"
    customer = f"c{number * 7919 % CUSTOMERS}"
    return {
        "id": f"e{number}",
        "event": "cart.updated",
        "customer": customer,
        "at": at,
        "items_count": 3,
        "total": 12.5,
    }


def _bare(name: str, store: sa.Engine, number: int) -> None:
    """One INSERT and one commit for each row, over one connection: what a plain endpoint does at its best."""
    took = []
    began = time.perf_counter()
    with store.connect() as connection:
        for one in range(number):
            row = {
                "id": f"bare{one}",
                "name": "cart.updated",
                "customer_id": f"c{one * 7919 % CUSTOMERS}",
                "position": 1,
            }
            start = time.perf_counter()
            connection.execute(
                sa.insert(events).values(**row, occurred_at=NOW, payload={"items_count": 3, "total": 1250})
            )
            connection.commit()
            took.append(time.perf_counter() - start)
    _line(name, "bare INSERT, one connection", number, time.perf_counter() - began, took)


@contextmanager
def _serving(store: sa.Engine, folder: Path) -> Iterator[int]:
    shop = folder / "shop" / "settings"
    shop.mkdir(parents=True, exist_ok=True)
    (shop / "regulars.yaml").write_text(SETTINGS)
    url = store.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "engine", "serve", str(shop.parent), "--store", url, "--port", "0"]
    environment = {**os.environ, "SHOP_KEY": KEY, "REGULARS_SECRET": "x" * 40}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        found = (re.match(r"listening on http://[^:]+:(\d+)", line) for line in process.stdout)
        yield int(next(one[1] for one in found if one))
    finally:
        process.terminate()
        process.wait()


def _over_http(name: str, port: int, number: int) -> None:
    single = [_request("/events", _event(one)) for one in range(number)]
    took, seconds = asyncio.run(_send(port, single, CLIENTS, b"201"))
    _line(name, f"POST /events, {CLIENTS} clients", number, seconds, took)
    many = [
        _request("/events/batch", [_event(one) for one in range(start, start + 1_000)])
        for start in range(number, number * 6, 1_000)
    ]
    took, seconds = asyncio.run(_send(port, many, 2, b"207"))
    _line(name, "POST /events/batch, 1,000 each, 2 clients", number * 5, seconds, took)


def _request(path: str, body: object) -> bytes:
    content = json.dumps(body).encode()
    return _HEAD.format(path=path, key=KEY, size=len(content)).encode() + content


async def _send(port: int, requests: list[bytes], clients: int, status: bytes) -> tuple[list[float], float]:
    """How long each answer took, and all of them."""
    left, took = iter(requests), []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
        for request in left:
            start = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            await reader.readexactly(size)
            took.append(time.perf_counter() - start)
            assert head.split(b" ", 2)[1] == status, head
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return took, time.perf_counter() - began


def _line(name: str, how: str, number: int, seconds: float, took: list[float]) -> None:
    took.sort()
    p50, p99 = (took[int(len(took) * share)] * 1_000 for share in (0.5, 0.99))
    print(f"| {name} | {how} | {number / seconds:,.0f} | {p50:.1f} ms | {p99:.1f} ms |", flush=True)


if __name__ == "__main__":
    main()
