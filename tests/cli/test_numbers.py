"""Numbers that no store can hold are refused in a sentence."""

import pytest
from click.testing import CliRunner

from engine.cli import main
from tests.cli.test_journey import User, user  # noqa: F401

HUGE = "99999999999999999999"


@pytest.mark.parametrize(
    "words",
    [
        ("uncertain", "--sent", HUGE),
        ("uncertain", "--again", HUGE),
        ("tasks", "done", HUGE),
        ("tasks", "approve", HUGE),
        ("tasks", "refuse", HUGE),
        ("points", "mei", "--grant", HUGE),
    ],
)
def test_a_number_beyond_all_rows_is_refused(user: User, words: tuple[str, ...]) -> None:  # noqa: F811
    done = CliRunner().invoke(main, list(words), env={"REGULARS_STORE": user.store})
    assert isinstance(done.exception, SystemExit), done.exc_info
    assert f"{HUGE} is not in the range" in done.output


def test_what_is_no_number_is_no_interval(user: User) -> None:  # noqa: F811
    done = user.types("run", str(user.folder / "shop"), "--interval", "nan", "--until-idle")
    assert isinstance(done.exception, SystemExit), done.exc_info
    assert (done.exit_code, "nan is no number" in done.output) == (2, True)
