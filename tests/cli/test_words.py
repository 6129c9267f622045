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


@pytest.mark.parametrize(
    ("store", "told"),
    [
        ("sqlite:///a%00b", "a character in it that no name has"),
        ("postgresql://localhost/a%00b", "a character in it that no name has"),
        ("sqlite://", "a store in memory is gone when the command ends"),
        ("sqlite:///:memory:", "a store in memory is gone when the command ends"),
        ("sqlite:///file:x?mode=memory&uri=true", "a store in memory is gone when the command ends"),
        ("sqlite:///x.sqlite?mode=ro", "these would do nothing: mode"),
        ("postgresql://localhost/shop?colour=red", "Postgres knows no option  colour"),
    ],
)
@pytest.mark.parametrize("command", ["status", "validate", "import", "doctor", "sql"])
def test_an_address_that_is_no_store_is_refused_and_none_made(
    user: User,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    store: str,
    told: str,
) -> None:
    monkeypatch.chdir(user.folder / "shop")
    user.writes("shop/customers.csv", "id\nada\n")
    words = {"import": ["customers", "customers.csv"], "sql": ["thank-you"], "doctor": ["--offline"]}
    before = sorted(user.folder.rglob("*"))
    done = user.types(command, *words.get(command, []), "--store", store)
    assert isinstance(done.exception, SystemExit), done.exc_info
    assert done.exit_code == 2
    assert " ".join(told.split()) in " ".join(done.output.split())
    assert sorted(user.folder.rglob("*")) == before


@pytest.mark.parametrize("store", ["sqlite://", "sqlite:///a%00b", f"sqlite:///{BYTE}"])
def test_the_environment_names_no_such_store_either(user: User, store: str) -> None:  # noqa: F811
    done = user.types("status", str(user.folder / "shop"), env={"REGULARS_STORE": store})
    assert isinstance(done.exception, SystemExit), done.exc_info
    assert (done.exit_code, "Invalid value for '--store'" in done.output) == (2, True)


def test_an_option_that_postgres_knows_is_taken(user: User) -> None:  # noqa: F811
    words = ("sql", "thank-you", "-w", str(user.folder / "shop"))
    assert "who enters" in user.types(*words, "--store", "postgresql:///shop?host=/tmp&sslmode=disable").output


@pytest.mark.parametrize("words", [("status",), ("sql", "thank-you"), ("doctor", "--offline")])
def test_what_is_no_store_is_told_in_one_way(
    user: User,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    monkeypatch.chdir(user.folder / "shop")
    done = user.types(*words, "--store", "mysql://localhost/shop")
    told = "Error: `mysql://localhost/shop` is no store; write sqlite:///FILE or postgresql://USER@HOST/NAME\n"
    assert (done.exit_code, done.output) == (1, told)
