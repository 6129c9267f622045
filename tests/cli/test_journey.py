"""The way of a new user through the commands: make, check, import, run into a sink, ask why."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.channels.sink import Received, Sink
from engine.cli import main
from engine.daemon import clock

_SECRET = {"REGULARS_SECRET": "a-secret-of-the-tests-only"}


class User:
    """Types commands in a folder of his own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = f"sqlite:///{folder / 'shop.sqlite'}"

    def types(self, *words: str, env: dict[str, str] | None = None) -> Result:
        return CliRunner().invoke(main, list(words), env={"REGULARS_STORE": self.store, **(env or {})})

    def writes(self, name: str, text: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)


@pytest.fixture
def user(tmp_path: Path) -> User:
    new = User(tmp_path)
    made = new.types("init", str(tmp_path / "shop"))
    assert made.exit_code == 0, made.output
    return new


@pytest.fixture
def mails() -> Iterator[tuple[int, list[Received]]]:
    received: list[Received] = []
    with Sink(received.append) as sink:
        yield sink.port, received


def _opened(user: User, port: int) -> str:
    """The user's workspace with the sink as its relay, at all hours."""
    settings = user.folder / "shop" / "settings" / "regulars.yaml"
    text = settings.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.strip().startswith(("port:", "send_window:", "host:"))]
    at = next(number for number, line in enumerate(lines) if line.strip() == "email:")
    lines[at + 1 : at + 1] = ["    host: 127.0.0.1", f"    port: {port}"]
    at = next(number for number, line in enumerate(lines) if line.startswith("limits:"))
    lines.insert(at + 1, "  send_window: 00:00-23:59")
    settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
    playbook = user.folder / "shop" / "thank-you.yaml"
    kept = [line for line in playbook.read_text(encoding="utf-8").splitlines() if not line.startswith("send_window:")]
    playbook.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return str(user.folder / "shop")


def test_a_new_workspace_is_right(user: User) -> None:
    found = user.types("validate", str(user.folder / "shop"), "--strict")
    assert (found.exit_code, found.output) == (0, "1 playbook is right\n")


def test_a_new_workspace_does_not_touch_one_that_is_there(user: User) -> None:
    again = user.types("init", str(user.folder / "shop"))
    assert again.exit_code == 1
    assert "exists already" in again.output


def test_a_mistake_fails_with_its_place_in_every_format(user: User) -> None:
    playbook = user.folder / "shop" / "thank-you.yaml"
    playbook.write_text(playbook.read_text(encoding="utf-8") + "enterr: once\n", encoding="utf-8")
    line = len(playbook.read_text(encoding="utf-8").splitlines())
    text = user.types("validate", str(user.folder / "shop"))
    assert text.exit_code == 1
    assert f"thank-you.yaml:{line}:1: error[unknown-key]" in text.output
    assert "did you mean `enter`?" in text.output
    github = user.types("validate", str(user.folder / "shop"), "--format", "github")
    assert f"line={line},col=1::" in github.output
    (problem,) = json.loads(user.types("validate", str(user.folder / "shop"), "--format", "json").output)
    assert (problem["rule"], problem["place"]["line"]) == ("unknown-key", line)


def test_a_folder_that_is_not_there_is_named(user: User) -> None:
    found = user.types("validate", str(user.folder / "shopp"))
    assert found.exit_code == 1
    assert "there is no folder" in found.output


def test_an_import_says_what_it_did_and_the_same_again_changes_nothing(user: User) -> None:
    file = user.writes("customers.csv", "id,email,email_consent\nada,ada@example.com,yes\nbob,b@x.com;c@x.com,yes\n")
    where = ["-w", str(user.folder / "shop")]
    first = user.types("import", "customers", file, *where)
    assert first.exit_code == 0, first.output
    assert "2 rows: 1 new, 0 changed, 0 unchanged, 1 rejected" in first.output
    assert f"{file}.rejected.csv" in first.output.replace("\n", "")
    assert "2 rows: 0 new, 0 changed, 1 unchanged, 1 rejected" in user.types("import", "customers", file, *where).output


def test_a_file_without_a_needed_column_is_refused(user: User) -> None:
    file = user.writes("customers.csv", "idd,email\nada,ada@example.com\n")
    found = user.types("import", "customers", file, "-w", str(user.folder / "shop"))
    assert found.exit_code == 1
    assert "did you mean `id`?" in found.output


def test_a_daemon_without_a_secret_says_how_to_make_one(user: User) -> None:
    found = user.types("tick", str(user.folder / "shop"), env={"REGULARS_SECRET": ""})
    assert found.exit_code == 1
    assert "set REGULARS_SECRET" in found.output


def test_an_order_becomes_a_mail_and_every_question_has_an_answer(
    user: User, mails: tuple[int, list[Received]]
) -> None:
    port, received = mails
    shop = _opened(user, port)
    customers = (
        "id,email,first_name,language,email_consent\nada,ada@example.com,Ada,en,yes\nbob,bob@example.com,Bob,en,no\n"
    )
    assert user.types("import", "customers", user.writes("c.csv", customers), "-w", shop).exit_code == 0
    assert user.types("tick", shop, env=_SECRET).exit_code == 0
    at = (clock() - timedelta(minutes=1)).isoformat()
    orders = f"id,customer,placed_at,paid_at,total\n1,ada,{at},{at},400\n2,bob,{at},{at},400\n"
    imported = user.types("import", "orders", user.writes("o.csv", orders), "-w", shop)
    assert "2 new" in imported.output, imported.output
    ticked = user.types("tick", shop, env=_SECRET)
    assert ticked.exit_code == 0, ticked.output
    assert [mail.recipients for mail in received] == [("ada@example.com",)]
    assert "1 messages sent" in ticked.output
    assert "1 messages suppressed" in ticked.output
    again = user.types("tick", shop, env=_SECRET)
    assert again.output == "0 runs moved on\n"
    assert len(received) == 1
    why = user.types("why", "bob@example.com", "thank-you", "-w", shop)
    assert "email thank-you: suppressed (no consent to" in why.output or "was refused or withdrawn" in why.output
    assert "event.total" in why.output
    status = user.types("status", shop)
    assert "thank-you" in status.output
    unknown = user.types("why", "eve", "thank-you", "-w", shop)
    assert (unknown.exit_code, unknown.output) == (1, "Error: no customer has the id or the address `eve`\n")
    assert "did you mean `thank-you`?" in user.types("why", "ada", "thank-yu", "-w", shop).output


def test_a_relay_that_is_not_there_loses_nothing(user: User, mails: tuple[int, list[Received]]) -> None:
    port, received = mails
    shop = _opened(user, port)
    assert (
        user.types(
            "import", "customers", user.writes("c.csv", "id,email,email_consent\nada,ada@example.com,yes\n"), "-w", shop
        ).exit_code
        == 0
    )
    user.types("tick", shop, env=_SECRET)
    at = (clock() - timedelta(minutes=1)).isoformat()
    user.types(
        "import",
        "orders",
        user.writes("o.csv", f"id,customer,placed_at,paid_at,total\n1,ada,{at},{at},400\n"),
        "-w",
        shop,
    )
    settings = Path(shop) / "settings" / "regulars.yaml"
    right = settings.read_text(encoding="utf-8")
    settings.write_text(right.replace(f"port: {port}", "port: 1"), encoding="utf-8")
    refused = user.types("tick", shop, env=_SECRET)
    assert refused.exit_code == 1
    assert "the messages wait" in refused.output
    assert received == []
    assert "waiting" in user.types("status", shop).output


def test_a_preview_shows_each_mail_and_writes_pages(user: User) -> None:
    shop = str(user.folder / "shop")
    found = user.types("preview", "thank-you", "-w", shop, "--language", "de", "--html", str(user.folder / "pages"))
    assert found.exit_code == 0, found.output
    assert found.output.count("Subject: ") == 2
    assert len(list((user.folder / "pages").glob("*.html"))) == 2


def test_whoever_shares_an_address_is_named_by_the_id(user: User) -> None:
    shop = str(user.folder / "shop")
    rows = user.folder / "household.csv"
    rows.write_text("id,email\nmei,home@example.com\ntom,home@example.com\n")
    assert user.types("import", "customers", str(rows), "-w", shop).exit_code == 0
    several = "Error: several customers have the address `home@example.com`; write the id of one of them:  mei, tom\n"
    asked = (
        ("preview", "thank-you", "--customer"), ("why",), ("consent",), ("points",), ("voucher", "issue", "gift"), ("export",)
    )  # fmt: skip
    for command in asked:
        after = ("thank-you",) if command == ("why",) else ()
        found = user.types(*command, "home@example.com", *after, "-w", shop)
        assert (found.exit_code, found.output.endswith(several)) == (1, True), found.output
    nobody = user.types("preview", "thank-you", "--customer", "nobody", "-w", shop)
    assert (nobody.exit_code, nobody.output.splitlines()[-1]) == (
        1,
        "Error: no customer has the id or the address `nobody`",
    )


def test_the_statements_of_a_playbook_can_be_read(user: User) -> None:
    found = user.types("sql", "thank-you", "-w", str(user.folder / "shop"))
    assert found.exit_code == 0
    assert "INSERT INTO enrolments" in found.output


def test_schemas_are_written_and_checked(user: User) -> None:
    folder = str(user.folder / "schemas")
    assert user.types("schema", folder, "--check").exit_code == 1
    assert user.types("schema", folder).exit_code == 0
    assert user.types("schema", folder, "--check").exit_code == 0
