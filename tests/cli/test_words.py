"""Words of the command line and of the environment that are no text: a sentence names them, and nothing is done."""

import pytest

from tests.cli.test_journey import User, user  # noqa: F401

#: As Python gives a byte that is no UTF-8.
BYTE = "\udcff"


@pytest.mark.parametrize(
    "words",
    [
        ("why", BYTE, "thank-you"),
        ("points", "ada", "--grant", "5", "--reason", f"x{BYTE}"),
        ("hold", "thank-you", f"--reason=x{BYTE}"),
        ("voucher", "redeem", f"x{BYTE}"),
        (f"x{BYTE}",),
    ],
)
def test_a_word_that_is_no_text_is_refused(user: User, words: tuple[str, ...]) -> None:  # noqa: F811
    done = user.types(*words)
    assert isinstance(done.exception, SystemExit), done.exc_info
    assert done.exit_code == 2
    assert "\\xff` is no text in UTF-8" in done.output


@pytest.mark.parametrize("name", ["REGULARS_SECRET", "REGULARS_SECRET_OLD"])
@pytest.mark.parametrize("command", ["tick", "status", "doctor", "erase"])
def test_a_secret_that_is_no_text_is_refused(user: User, command: str, name: str) -> None:  # noqa: F811
    shop = str(user.folder / "shop")
    words = {"erase": ("erase", "ada", "-w", shop), "doctor": ("doctor", "--offline", "-w", shop)}
    secret = {"REGULARS_SECRET": "a-secret-of-the-tests-only", name: f"{BYTE}a secret of sixteen and more letters"}
    assert user.types("tick", shop, "--without", "email", env={**secret, name: "a-secret-of-the-tests"}).exit_code == 0
    done = user.types(*words.get(command, (command, shop)), env=secret)
    assert isinstance(done.exception, SystemExit), done.exc_info
    assert done.exit_code == 1
    assert f"Error: {name} is no text in UTF-8" in done.output
