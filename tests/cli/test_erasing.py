"""Erase, export and sweep as a person types them."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from engine.cli import main
from engine.store.connect import connect
from engine.store.customers import customers
from tests.cli.test_journey import User, user  # noqa: F401

SECRET = {"REGULARS_SECRET": "a-secret-of-the-tests-only"}
CUSTOMERS = "id,email,email_consent,language\nmei,mei@example.com,yes,en\nana,ana@example.com,yes,en\n"


@pytest.fixture
def shop(user: User) -> User:  # noqa: F811
    user.writes("customers.csv", CUSTOMERS)
    assert types(user, "import", "customers", str(user.folder / "customers.csv"))[0] == 0
    return user


def types(shop: User, *words: str, env: dict[str, str] | None = None, says: str = "") -> tuple[int, str]:
    line = [*words, "-w", str(shop.folder / "shop")] if words[0] != "sweep" else list(words)
    everything = {"REGULARS_STORE": shop.store, **(SECRET if env is None else env)}
    done = CliRunner().invoke(main, line, env=everything, input=says)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, done.output


def test_an_erase_is_asked_for_and_said(shop: User) -> None:
    status, said = types(shop, "erase", "mei", "--dry-run")
    assert status == 0
    assert "customers              1  deleted\n" in said
    assert said.endswith("nothing was erased\n")
    assert types(shop, "erase", "mei", says="n\n")[0] == 1
    status, said = types(shop, "erase", "mei@example.com", says="y\n")
    assert status == 0
    assert "Erase `mei` for good?" in said
    assert "it is erasure 1" in said
    assert ".rejected.csv" in said
    assert types(shop, "erase", "mei", "--yes") == (1, "Error: no customer has the id or the address `mei`\n")


def test_an_address_that_was_written_down_meanwhile_is_sealed_too(shop: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(*_: object, **__: object) -> bool:
        shop.writes("newer.csv", "id,email\nmei,mei@newer.example\n")
        return types(shop, "import", "customers", str(shop.folder / "newer.csv"))[0] == 0

    monkeypatch.setattr("click.confirm", meanwhile)
    assert types(shop, "erase", "mei")[0] == 0
    shop.writes("again.csv", "id,email\nsomebody,mei@newer.example\n")
    assert "1 rejected" in types(shop, "import", "customers", str(shop.folder / "again.csv"))[1]


def test_an_import_says_per_row_who_was_erased(shop: User) -> None:
    types(shop, "erase", "mei", "--yes")
    file = str(shop.folder / "customers.csv")
    _, said = types(shop, "import", "customers", file)
    assert "2 rows: 0 new, 0 changed, 1 unchanged, 1 rejected" in said
    rejected = Path(f"{file}.rejected.csv").read_text()
    assert "2,id,this customer was erased; one who came back is let in by  regulars unsuppress ID --channel" in rejected
    assert types(shop, "import", "customers", file, env={})[0] == 1
    assert "REGULARS_SECRET" in types(shop, "import", "customers", file, env={})[1]
    for words in (("mei", "--channel", "customer"), ("mei@example.com",)):
        done = CliRunner().invoke(main, ["unsuppress", *words], env={"REGULARS_STORE": shop.store, **SECRET})
        assert done.exit_code == 0, done.output
    assert "1 new" in types(shop, "import", "customers", file)[1]


def test_without_a_secret_nobody_is_erased(shop: User) -> None:
    status, said = types(shop, "erase", "mei", "--yes", env={"REGULARS_SECRET": ""})
    assert status == 1
    assert "set REGULARS_SECRET" in said
    assert "1 unchanged" in types(shop, "import", "customers", shop.writes("one.csv", "id\nmei\n"))[1]


def test_an_export_says_where_it_is(shop: User) -> None:
    out = shop.folder / "mei.zip"
    status, said = types(shop, "export", "mei", "--out", str(out))
    assert (status, said.startswith(f"{out}: ")) == (0, True)
    with zipfile.ZipFile(out) as archive:
        assert {"README.txt", "index.html", "customer.json"} <= {*archive.namelist()}
    assert types(shop, "export", "nobody")[0] == 1
    assert "cannot be written" in types(shop, "export", "mei", "--out", str(shop.folder / "no" / "x.zip"))[1]


def test_a_sweep(shop: User) -> None:
    assert types(shop, "sweep") == (0, "nothing of what was erased stands in the file any more\n")


class Hurried:
    """Time that goes by as fast as somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_who_may_still_write_of_the_customer_is_named(
    shop: User, _postgres_empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.store = _postgres_empty
    types(shop, "import", "customers", str(shop.folder / "customers.csv"))
    monkeypatch.setattr("engine.cli.erase.time", Hurried())
    store = connect(_postgres_empty)
    with store.connect() as other:
        process = other.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        status, said = types(shop, "erase", "mei", "--yes")
        assert status == 0
        assert "waiting up to 30 seconds" in said
        assert f"a transaction that had begun before is still open (process {process})" in said
        assert "type  regulars erase mei --yes\n" in said
        written = {"id": "mei", "created_at": datetime(2026, 3, 2, tzinfo=UTC), "position": 1}
        other.execute(sa.insert(customers).values(**written))
        other.commit()
    store.dispose()
    status, said = types(shop, "erase", "mei", "--yes")
    assert (status, "still open" in said, "it is erasure 2" in said) == (0, False, True)
    assert types(shop, "erase", "mei", "--yes")[0] == 1
