"""Files that a command is to write and cannot: a sentence names them, and what else the command says is said."""

from pathlib import Path

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
        (("schema", "schemas", "--reference", "file/x"), "file/x"),
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


def test_the_reference_takes_its_examples_from_this_workspace(shop: User) -> None:
    made = shop.types("schema", "--reference", "pages")
    assert (made.exit_code, made.output) == (0, "schemas: up to date, and pages\n")
    assert "(../thank-you.yaml)" in Path("pages/playbook.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("folder", "told"),
    [("none", "there is no folder `none`"), ("messages", "messages/settings/regulars.yaml:1:1: error[missing-file]")],
)
def test_without_a_workspace_for_the_examples_nothing_is_written(shop: User, folder: str, told: str) -> None:
    made = shop.types("schema", "new", "--reference", "pages", "--examples", folder)
    assert isinstance(made.exception, SystemExit), made.exc_info
    assert made.exit_code == 1 and told in made.output
    assert not Path("new").exists() and not Path("pages").exists()
