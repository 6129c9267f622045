"""The demo's folder: a copy of the example workspace, CSV files as a shop would export them, an empty store."""

import csv
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.demo.aftermath import Order
from engine.demo.history import History
from engine.demo.people import COLUMNS
from engine.settings import Voucher
from engine.store.connect import connect
from engine.store.migrate import migrate
from engine.store.vouchers import import_codes

_MARKER = ".made-by-regulars-demo"


class Taken(ValueError):
    """The folder holds something that the demo did not make."""


@dataclass(frozen=True)
class Ground:
    """Where the demo takes place."""

    folder: Path

    @property
    def workspace(self) -> Path:
        """The playbooks and all around them."""
        return self.folder / "playbooks"

    @property
    def mails(self) -> Path:
        """What the mail sink received."""
        return self.folder / "mails"

    @property
    def url(self) -> str:
        """The store."""
        return f"sqlite:///{self.folder / 'shop.sqlite'}"

    def csv(self, kind: str) -> Path:
        """The shop's export of a kind."""
        return self.folder / f"{kind}.csv"

    def keep(self, store: sa.Engine) -> sa.Engine:
        """Copies a store in memory into the demo's file, and opens that."""
        with closing(sqlite3.connect(self.folder / "shop.sqlite")) as file, store.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.backup(file)
        store.dispose()
        return connect(self.url)


def empty_store() -> sa.Engine:
    """A store in memory, for the replay: what is played from files can be played again, and need not wait for a disk."""
    store = connect("sqlite://")
    migrate(store)
    return store


def fill_pools(store: sa.Engine, kinds: Mapping[str, Voucher], now: datetime) -> None:
    """Imports codes for the vouchers whose codes are another system's, a hundred of each kind."""
    for name in sorted(name for name, kind in kinds.items() if kind.pool is not None):
        with store.begin() as connection:
            import_codes(connection, name, [f"{name.upper()}-{number:04}" for number in range(100)], now)


def prepare(folder: Path) -> Ground:
    """Makes the folder anew. Raises `Taken` where it is not one that the demo made."""
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARKER).exists():
        raise Taken(f"`{folder}` is not empty, and not made by the demo; name another folder:  --folder NAME")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _MARKER).touch()
    ground = Ground(folder)
    shutil.copytree(example_workspace(), ground.workspace)
    return ground


def example_workspace() -> Path:
    """The example workspace: packed into the wheel beside this file, or the repository's own."""
    packed = Path(__file__).with_name("playbooks")
    return packed if packed.is_dir() else Path(__file__).parents[2] / "playbooks"


def point_to(workspace: Path, port: int) -> None:
    """Lets the copied settings send mail to that port of this machine."""
    settings = workspace / "settings" / "regulars.yaml"
    text = settings.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^(\s+host:) \S+", r"\1 127.0.0.1", text)
    settings.write_text(re.sub(r"(?m)^(\s+port:) \d+", rf"\1 {port}", text), encoding="utf-8")


def export(ground: Ground, history: History) -> None:
    """Writes customers and orders as CSV files."""
    _write(ground.csv("customers"), COLUMNS, (astuple(person) for person in history.people.values()))
    paid = (
        (order.id, order.customer, order.at.isoformat(), _paid(order, history.until), f"{order.total / 100:.2f}")
        for order in history.orders
    )
    _write(ground.csv("orders"), ("id", "customer", "placed_at", "paid_at", "total"), paid)


def _paid(order: Order, until: datetime) -> str:
    return order.paid_at.isoformat() if order.paid_at < until else ""


def _write(path: Path, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
