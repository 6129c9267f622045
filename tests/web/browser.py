"""Headless Chromium: a page as it is drawn, and as text after the browser has read it."""

import shutil
import subprocess
from pathlib import Path

import pytest

_PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
)

needs_chromium = pytest.mark.skipif(_PROGRAM is None, reason="there is no Chromium: apt-get install chromium")


def _run(folder: Path, *arguments: str) -> str:
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [str(_PROGRAM), *_FLAGS, profile, *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=60, text=True).stdout


def drawn(url: str, picture: Path, width: int, height: int = 1000, *, dark: bool = False) -> Path:
    """A picture of the page in a window of that size."""
    look = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0") if dark else ()
    _run(picture.parent, *look, f"--window-size={width},{height}", f"--screenshot={picture}", url)
    return picture


def read(url: str, folder: Path) -> str:
    """The page as HTML, as the browser understood it."""
    return _run(folder, "--dump-dom", url)
