"""Options that contradict each other, or that mean nothing: refused in a sentence, before anything is done."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_journey import User, user  # noqa: F401

ROOT = Path(__file__).parents[2]

#: A program that meets Ctrl-C while it reads the commands.
INTERRUPTED = """
import os, runpy, signal, sys

class Impatient:
    def find_spec(self, name, path=None, target=None):
        if name == "engine.cli.validate":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Impatient())
sys.argv = ["regulars", "--version"]
runpy.run_module("engine", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("doctor", "--offline", "--send-to", "a@b.cc"), "leave out --offline or --send-to"),
        (("uncertain", "--sent", "4", "--sent", "5", "--again", "5"), "5 went, or is to go again"),
        (("serve", "--proxy", "nonsense"), "`nonsense` is neither an address nor a network"),
        (("serve", "--proxy", "127.0.0.1", "--proxy", "10.0.0.7/24"), "`10.0.0.7/24` is neither"),
        (("preview", "thank-you", "--language", "xx"), "the shop does not speak `xx`; its languages are en, de"),
        (("preview", "thank-you", "--language", "DE"), "the shop does not speak `DE`; its languages are en, de"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    user: User,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(user.folder / "shop")
    done = user.types(*words)
    assert isinstance(done.exception, SystemExit), done.exc_info
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())
    assert not Path(user.store.removeprefix("sqlite:///")).exists()


@pytest.mark.parametrize("language", ["de", "de-AT"])
def test_a_language_that_the_shop_speaks_is_shown(user: User, language: str) -> None:  # noqa: F811
    shown = user.types("preview", "thank-you", "-w", str(user.folder / "shop"), "--language", language)
    assert (shown.exit_code, "[email, de]" in shown.output) == (0, True)


def test_a_sink_that_cannot_write_says_so_and_not_that_its_port_is_taken(user: User) -> None:  # noqa: F811
    file = user.writes("file", "")
    done = user.types("sink", f"{file}/x", "--port", "0")
    assert (done.exit_code, done.output) == (1, f"Error: {file}/x cannot be written: Not a directory\n")


@pytest.mark.parametrize("heard", [True, False])
def test_ctrl_c_while_the_program_begins_ends_it_without_a_word(heard: bool) -> None:
    command = [sys.executable, "-c", _with_ctrl_c(heard=heard) + INTERRUPTED]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    if heard:
        assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
    else:
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("regulars, version ")


def test_ctrl_c_afterwards_is_told_as_ever() -> None:
    late = INTERRUPTED.replace("engine.cli.validate", "engine.web.serving").replace("--version", "serve")
    command = [sys.executable, "-c", _with_ctrl_c(heard=True) + late]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "\nAborted!\n")


def _with_ctrl_c(*, heard: bool) -> str:
    """Sets it as a terminal leaves it: whoever runs the tests in the background has it ignored, and so would all below."""
    how = "default_int_handler" if heard else "SIG_IGN"
    return f"import signal; signal.signal(signal.SIGINT, signal.{how})\n"
