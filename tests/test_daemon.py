"""The daemon as a real process, with a real relay: it drains, outlives `kill -9`, broken files and a locked store."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import Any

import pytest
import sqlalchemy as sa

from engine.channels import Doors, Record
from engine.channels.sink import Received, Session, Sink
from engine.daemon import Daemon, clock
from engine.store.connect import connect
from engine.store.ingest import put_customers, record_event
from engine.store.ledger import outbox
from engine.workspace import Workspace
from tests.scripted import Scripted

SETTINGS = """
brand: {{name: Fine Shop, address: '1 High Street, Springfield'}}
timezone: UTC
channels:
  email: {{from: Fine Shop <hello@shop.example>, host: 127.0.0.1, port: {port}, connections: 3}}
limits:
  send_window: 00:00-23:59
"""
HELLO = """
playbook: hello
when:
  enters: [customer.orders_count == 0]
  existing: include
do:
  - email: hello
"""
THANKS = """
playbook: thanks
when: {event: order.paid}
do:
  - email: thanks
"""
_PATIENCE = 60


class Relay:
    """A relay that keeps recipients, and does at the nth command what a test asks for."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.commands, self.at, self.act = 0, 0, lambda: None
        self.arrived: Queue[str] = Queue()

    def receive(self, mail: Received) -> None:
        self.mails.append(mail.recipients[0])
        self.arrived.put(mail.recipients[0])

    def session(self, receive: Callable[[Received], None]) -> Session:
        return _Counting(receive, self)

    def step(self) -> None:
        self.commands += 1
        if self.commands == self.at:
            self.act()


class _Counting(Session):
    def __init__(self, receive: Callable[[Received], None], relay: Relay) -> None:
        super().__init__(receive)
        self.relay = relay

    def command(self, verb: str, rest: str) -> None:
        self.relay.step()
        super().command(verb, rest)

    def content(self, mail: Received) -> None:
        self.receive(mail)
        self.relay.step()
        self.reply("250 2.0.0 kept")


class Process:
    """`regulars run` as a process, and what it logs."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "engine", "run", str(folder), "--store", _url(folder), *options]
        environment = {**os.environ, "REGULARS_SECRET": "a secret of many letters"}
        self.popen = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        self.lines: Queue[str] = Queue()
        self.said: list[str] = []
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.popen.stderr is not None
        for line in self.popen.stderr:
            self.lines.put(line)

    def until(self, *texts: str, **fields: Any) -> None:
        """Reads the log as far as a line with one of those texts."""
        while True:
            line = self.lines.get(timeout=_PATIENCE)
            self.said.append(line)
            with suppress(ValueError):
                entry = json.loads(line)
                if entry["event"] in texts and fields.items() <= entry.items():
                    return

    def signal(self, number: int) -> None:
        self.popen.send_signal(number)

    def end(self) -> int:
        code = self.popen.wait(_PATIENCE)
        self._reader.join(_PATIENCE)
        assert self.popen.stderr is not None
        self.popen.stderr.close()
        return code


def _url(folder: Path) -> str:
    return f"sqlite:///{folder.parent / 'shop.db'}"


@pytest.fixture
def relay() -> Iterator[Relay]:
    yield Relay()


@pytest.fixture
def folder(tmp_path: Path, relay: Relay, migrated: Path) -> Iterator[Path]:
    root = tmp_path / "playbooks"
    with Sink(relay.receive, session=relay.session) as sink:
        _write(root / "settings/regulars.yaml", SETTINGS.format(port=sink.port))
        for name, text in (("hello", HELLO), ("thanks", THANKS)):
            _write(root / f"{name}.yaml", text)
            _write(root / f"messages/{name}/en.md", f"---\nsubject: {name}\n---\nThe text of {name}.\n")
        shutil.copy(migrated, tmp_path / "shop.db")
        yield root


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@contextmanager
def _running(folder: Path, *options: str) -> Iterator[Process]:
    process = Process(folder, "--interval", "0.05", *options)
    try:
        yield process
    finally:
        if process.popen.poll() is None:
            process.signal(signal.SIGKILL)
            process.end()


@contextmanager
def _store(folder: Path) -> Iterator[sa.Engine]:
    store = connect(_url(folder))
    yield store
    store.dispose()


def _customers(folder: Path, *names: str, orders_count: int = 0) -> None:
    rows = [
        {"id": one, "email": f"{one}@example.com", "email_consent": True, "orders_count": orders_count} for one in names
    ]
    with _store(folder) as store, store.begin() as connection:
        put_customers(connection, rows, clock())


def _bought(folder: Path, customer: str) -> None:
    with _store(folder) as store, store.begin() as connection:
        now = clock()
        record_event(connection, "order.paid", customer, now, {"total": 100}, f"order-{customer}", now)


def _outbox(folder: Path) -> dict[str, str]:
    with _store(folder) as store, store.connect() as connection:
        return {f"{who}@example.com": state for who, state in connection.execute(
            sa.select(outbox.c.customer_id, outbox.c.state))}  # fmt: skip


def test_sigterm_lets_what_is_under_way_finish(folder: Path, relay: Relay) -> None:
    _customers(folder, *(f"c{number:02}" for number in range(20)))
    with _running(folder) as process:
        relay.at, relay.act = 20, lambda: process.signal(signal.SIGTERM)
        process.until("stopping", signal="SIGTERM")
        assert process.end() == 0
    states = _outbox(folder)
    assert set(states.values()) <= {"sent", "planned"}  # what had begun is finished, and nothing is in doubt
    assert sorted(relay.mails) == sorted(who for who, state in states.items() if state == "sent")


def test_kill_9_loses_nothing_and_doubles_nothing_in_silence(folder: Path, relay: Relay) -> None:
    chance, kills = random.Random(1), 3
    _customers(folder, *(f"c{number:02}" for number in range(40)))
    for _ in range(kills):
        with _running(folder) as process:
            killed = Event()

            def kill(process: Process = process, killed: Event = killed) -> None:
                process.signal(signal.SIGKILL)
                process.popen.wait()
                killed.set()

            relay.at, relay.act = relay.commands + chance.randrange(1, 40), kill
            assert killed.wait(_PATIENCE)
            assert process.end() == -signal.SIGKILL
    relay.at = 0
    with _running(folder, "--until-idle") as process:
        assert process.end() == 0, process.said
    states, mails = _outbox(folder), Counter(relay.mails)
    assert len(states) == 40
    assert set(states.values()) <= {"sent", "uncertain", "review"}
    assert all(count == 1 for count in mails.values())
    assert all(mails[who] == 1 for who, state in states.items() if state == "sent")
    assert sum(state != "sent" for state in states.values()) <= kills * 3  # as many as connections


def test_a_playbook_broken_by_an_edit_goes_on_as_it_was(folder: Path, relay: Relay) -> None:
    with _launched(folder, relay, "mei", "tom") as process:
        _write(folder / "thanks.yaml", THANKS.replace("when", "wenn"))
        process.until("loaded", playbooks=2)
        _bought(folder, "mei")
        assert relay.arrived.get(timeout=_PATIENCE) == "mei@example.com"
        _write(folder / "settings/regulars.yaml", "brand: {}\n")
        process.until("loaded", playbooks=2)
        _bought(folder, "tom")
        assert relay.arrived.get(timeout=_PATIENCE) == "tom@example.com"


def test_a_playbook_that_is_paused_in_the_middle_of_a_campaign_stands_still(folder: Path) -> None:
    door = Scripted(width=1)

    def paused() -> None:
        if len(door.taken) == 3:
            _write(folder / "hello.yaml", HELLO.replace("when:", "status: paused\nwhen:"))

    door.handing = paused
    _customers(folder, *(f"c{number}" for number in range(30)))
    with _store(folder) as store:
        daemon = Daemon(folder, store, Doors({"email": door}), ["a secret of many letters"])
        daemon.hands.turn = 0.0  # each pass has time for one letter
        daemon.run(until_idle=True)
    assert 4 <= len(door.taken) <= 8  # a file may still be written when it is seen changed for the first time
    assert Counter(_outbox(folder).values()) == {"sent": len(door.taken), "planned": 30 - len(door.taken)}


def test_a_fault_while_a_change_is_taken_in_ends_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _store(folder) as store:
        daemon = Daemon(folder, store, Record(), ["a secret of many letters"])
        daemon.refresh()
        _write(folder / "thanks.yaml", f"# changed\n{THANKS}")
        daemon.refresh()  # it may still be written
        monkeypatch.setattr("engine.daemon.load", _gone)
        daemon.refresh()


def _gone(_root: Path) -> Workspace:
    raise FileNotFoundError("the folder was taken away while it was read")


def test_a_second_engine_is_refused_and_a_locked_store_stops_nothing_for_good(folder: Path, relay: Relay) -> None:
    with _launched(folder, relay, "mei") as process, _store(folder) as store:
        with _running(folder) as second:
            assert second.end() == 1
            assert f"another engine (process {process.popen.pid}) runs on" in "".join(second.lines.queue)
        process.signal(signal.SIGSTOP)
        _bought(folder, "mei")
        with store.begin():  # the write lock
            process.signal(signal.SIGCONT)
            process.until("the store failed; the work waits")
        assert relay.arrived.get(timeout=_PATIENCE) == "mei@example.com"


@contextmanager
def _launched(folder: Path, relay: Relay, *customers: str) -> Iterator[Process]:
    """A daemon that has launched its playbooks, as its first mail says."""
    _customers(folder, *customers, orders_count=1)
    _customers(folder, "first")
    with _running(folder) as process:
        process.until("loaded", problems=0)
        assert relay.arrived.get(timeout=_PATIENCE) == "first@example.com"
        yield process
