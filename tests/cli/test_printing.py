"""What a command cannot print: it goes on to its end, and says in a sentence that nobody saw what it said."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.store.connect import connect
from engine.store.customers import vouchers
from tests.cli.test_journey import User, user  # noqa: F401
from tests.shop import SECRETS

FULL = Path("/dev/full")


@pytest.fixture
def full() -> Iterator[int]:
    """A disk without room."""
    if not FULL.exists():
        pytest.skip("there is no device that is always full")
    opened = os.open(FULL, os.O_WRONLY)
    yield opened
    os.close(opened)


@pytest.fixture
def gone() -> Iterator[int]:
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def typed(user: User, *words: str, out: int) -> tuple[int, str]:  # noqa: F811
    """A program of its own that prints there: how it ends, and what it says beside."""
    env = {**os.environ, "REGULARS_STORE": user.store, "REGULARS_SECRET": SECRETS[0]}
    command = [sys.executable, "-X", "dev", "-W", "ignore", "-m", "engine", *words]
    done = subprocess.run(
        command,
        env=env,
        cwd=user.folder / "shop",
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


def test_what_was_done_is_said_to_be_done_though_nobody_saw_it(user: User, full: int) -> None:  # noqa: F811
    user.writes("customers.csv", "id,email\nada,ada@example.com\n")
    shop = str(user.folder / "shop")
    done = user.types("import", "customers", str(user.folder / "customers.csv"), "-w", shop)
    assert done.exit_code == 0, done.output
    assert typed(user, "voucher", "issue", "5-off", "ada", out=full) == (
        1,
        "Error: what the command says cannot be printed: No space left on device;"
        " what it does is done all the same, so look before you repeat it\n",
    )
    with connect(user.store).connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(vouchers)).scalar_one() == 1


@pytest.mark.parametrize("words", [("validate",), ("validate", "--help"), ("--version",), ("test", "--coverage")])
def test_every_command_says_so(user: User, full: int, words: tuple[str, ...]) -> None:  # noqa: F811
    code, said = typed(user, *words, out=full)
    assert code == 1
    assert said.startswith("Error: what the command says cannot be printed: No space left on device;")
    assert said.count("\n") == 1


def test_a_fault_of_the_command_itself_is_told_as_ever(user: User, full: int) -> None:  # noqa: F811
    code, said = typed(user, "why", "ada", "nothing", out=full)
    assert (code, said) == (1, "Error: there is no playbook `nothing` without errors in it\nplaybooks: thank-you\n")


def test_a_reader_who_has_gone_is_told_nothing(user: User, gone: int) -> None:  # noqa: F811
    assert typed(user, "validate", out=gone) == (1, "")
