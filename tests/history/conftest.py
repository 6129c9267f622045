"""The long tests come first, so that each worker begins with one and the short ones fill what is left."""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _HERE not in item.path.parents)
