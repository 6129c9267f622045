"""What each life would read first: all code of the program, and what it derives from it. The process that forks imports it."""

import tempfile
from pathlib import Path

import engine.web.app
import engine.web.serving  # noqa: F401  (what `regulars serve` reads)
from engine.cli import main  # noqa: F401  (the commands)
from engine.cli.options import open_store
from engine.workspace import load
from tests.killer.workspace import write_workspace

with tempfile.TemporaryDirectory() as _folder:
    assert not load(write_workspace(Path(_folder) / "workspace", smtp=25)).errors
    with open_store(f"sqlite:///{_folder}/store.sqlite") as _store:
        pass
    _store.dispose()
