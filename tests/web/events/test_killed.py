"""`regulars serve` as a process that is killed: whoever sends until he is answered finds each event in the store once."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.store.ingest import put_customers
from engine.store.migrate import migrate
from tests.store.rows import everything
from tests.web.events.conftest import SETTINGS, WEBSHOP

_TO_ALL = {"WEBSHOP_KEY": WEBSHOP, "REGULARS_SECRET": "x" * 40}


class Serving:
    """The process; started anew when it is dead."""

    def __init__(self, store: sa.Engine, folder: Path) -> None:
        self.url = store.url.render_as_string(hide_password=False)
        self.folder, self.starts = folder, 0
        self.process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self, failpoint: str = "") -> None:
        """Starts it; `failpoint` is where it will die."""
        command = [sys.executable, "-m", "engine", "serve", str(self.folder), "--store", self.url, "--port", "0"]
        environment = {**os.environ, **_TO_ALL, "REGULARS_FAILPOINTS": failpoint}
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        said = (re.match(r"listening on http://[^:]+:(\d+)", line) for line in self.process.stdout)
        found = next((one for one in said if one), None)
        assert found is not None, self.kill()
        self.port = int(found[1])
        self.starts += 1

    def kill(self) -> str:
        """Ends it at once; gives what it said."""
        if self.process is None:
            return ""
        self.process.kill()
        return self.process.communicate()[1]

    def died(self) -> bool:
        """Whether the process was killed; waits for its end."""
        assert self.process is not None
        return self.process.wait(20) == -signal.SIGKILL

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Sends until it is answered; a dead process is started anew."""
        while True:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {WEBSHOP}"}
            with suppress(OSError, HTTPException):
                connection.request("POST", path, json.dumps(body), headers)
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
            connection.close()
            assert self.died()
            self.start()


@pytest.fixture
def serving(empty_store: sa.Engine, tmp_path: Path) -> Iterator[Serving]:
    (tmp_path / "shop" / "settings").mkdir(parents=True)
    (tmp_path / "shop" / "settings" / "regulars.yaml").write_text(SETTINGS)
    migrate(empty_store)
    with empty_store.begin() as connection:
        put_customers(connection, [{"id": "mei"}], datetime(2026, 3, 1, tzinfo=UTC))
    found = Serving(empty_store, tmp_path / "shop")
    yield found
    found.kill()


def _orders(ids: Sequence[int]) -> list[dict[str, Any]]:
    at = "2026-03-01T11:00:00Z"
    return [{"id": f"e{one}", "event": "order.paid", "customer": "mei", "at": at, "total": 1} for one in ids]


@pytest.mark.parametrize("failpoint", ["events.received", "events.committed"])
def test_killed_at_a_failpoint_each_event_is_there_once(
    serving: Serving, empty_store: sa.Engine, failpoint: str
) -> None:
    serving.start(f"{failpoint}=kill@3")
    statuses = [serving.post("/events", one)[0] for one in _orders(range(5))]
    assert statuses == [201, 201, 200 if failpoint == "events.committed" else 201, 201, 201]
    assert serving.starts == 2
    _, found = serving.post("/events/batch", _orders(range(3, 1_000)))
    assert [one["status"] for one in found["results"]] == [200] * 2 + [201] * 995
    _each_once(empty_store, 1_000)


def test_killed_within_a_batch_the_same_batch_completes_it(serving: Serving, empty_store: sa.Engine) -> None:
    serving.start("events.committed=kill@2")
    status, found = serving.post("/events/batch", _orders(range(2_000)))
    results = [one["status"] for one in found["results"]]
    assert (status, serving.starts, results) == (207, 2, [200] * 1_000 + [201] * 1_000)
    _each_once(empty_store, 2_000)


def _each_once(store: sa.Engine, events: int) -> None:
    rows = everything(store)
    assert [len(rows[table]) for table in ("receipts", "orders")] == [events, events]
    ((_, orders, spent),) = [(row[0], row[19], row[20]) for row in rows["customers"]]
    assert (orders, spent) == (events, events * 100)
