"""One engine on one SQLite file: who comes second is told so, and so is who may not open the lock."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.store.alone import alone
from engine.store.faults import StoreError


def test_the_second_is_told_of_the_first(tmp_path: Path) -> None:
    url = sa.make_url(f"sqlite:///{tmp_path}/shop.sqlite")
    with alone(url), pytest.raises(StoreError, match="another engine"), alone(url):
        pass


def test_a_lock_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "shop.sqlite.lock").mkdir()
    with (
        pytest.raises(StoreError, match=r"shop.sqlite.lock cannot be opened \(Is a directory\).*delete it"),
        alone(sa.make_url(f"sqlite:///{tmp_path}/shop.sqlite")),
    ):
        pass
