"""Files that a command is to write and cannot: a sentence names them, and what else the command says is said."""

import pytest

from tests.cli.test_journey import User, user  # noqa: F401


@pytest.fixture
def shop(user: User, monkeypatch: pytest.MonkeyPatch) -> User:  # noqa: F811
    """A user in a workspace beside which a file lies, below which nothing can be written."""
    monkeypatch.chdir(user.folder / "shop")
    user.writes("shop/file", "")
    return user


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("test", "--junit", "file/x.xml"), "file/x.xml"),
        (("draw", "a purchase below 50", "file/x.svg"), "file/x.svg"),
        (("schema", "file/x"), "file/x"),
        (("preview", "thank-you", "--html", "file/x"), "file/x/thank-you-thank-you-en.html"),
        (("demo", "--folder", "file/x"), "file/x"),
        (("init", "file/x"), "file/x"),
    ],
)
def test_what_cannot_be_written_is_named(shop: User, words: tuple[str, ...], named: str) -> None:
    done = shop.types(*words)
    assert isinstance(done.exception, SystemExit), done.exc_info
    assert done.exit_code == 1
    assert f"Error: {named} cannot be written: Not a directory" in done.output


def test_the_results_are_told_though_their_file_cannot_be_written(shop: User) -> None:
    reached, passed, _ = shop.types("test", "--coverage", "--junit", "file/x.xml").output.splitlines()
    assert reached == "4 of 4 steps are reached by tests"
    assert passed.startswith("3 passed, 0 failed in ")
