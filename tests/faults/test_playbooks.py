"""Files of playbooks that are huge, half written, or say what a program would read as something else."""

from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.channels import Record
from engine.daemon import Daemon
from engine.source.yaml import MAX_BYTES
from engine.workspace import load, load_texts
from tests.shop import SECRETS, SETTINGS
from tests.workspace.test_gallery import HERE, files_of

BASE = files_of(HERE / "base")
HEAD = "playbook: hello\nwhen: {event: order.paid}\n"


@pytest.mark.parametrize("number", ["+4915112345678", "004915112345678", "015112345678"])
def test_a_phone_number_without_quotation_marks_stays_what_it_is(number: str) -> None:
    workspace = load_texts({**BASE, "hello.yaml": f"{HEAD}owner: {number}\ndo:\n  - tag: x\n"})
    assert workspace.problems == ()
    assert workspace.playbooks["hello"].owner == number


def test_of_a_huge_file_no_more_is_read_than_may_be_in_it(tmp_path: Path) -> None:
    for name, text in {**BASE, "sound.yaml": f"{HEAD.replace('hello', 'sound')}do:\n  - tag: x\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    with (tmp_path / "hello.yaml").open("wb") as file:
        file.write(HEAD.encode())
        file.truncate(10**12)  # a terabyte that takes no room: who reads it all does not come back
    workspace = load(tmp_path)
    (problem,) = workspace.problems
    assert (problem.rule, problem.place.line, problem.place.column) == ("too-large", 1, 1)
    assert f"{MAX_BYTES:,}" in problem.text or "larger" in problem.text
    assert [*workspace.playbooks] == ["sound"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Europe/Berln", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("Asia/Shanghia", "Asia/Shanghai")],
)
def test_a_zone_that_is_none_is_told_with_the_one_that_was_meant(written: str, meant: str) -> None:
    settings = BASE["settings/regulars.yaml"]
    (line,) = [one for one in settings.splitlines() if one.startswith("timezone:")]
    workspace = load_texts({**BASE, "settings/regulars.yaml": settings.replace(line, f"timezone: {written}")})
    (problem,) = workspace.errors
    assert problem.text == f"`{written}` is not a time zone"
    assert problem.helps == (f"did you mean `{meant}`?",)


@pytest.mark.parametrize("written", ["CET+1", "Mars/Base", "+01:00"])
def test_a_zone_that_is_like_none_is_told_with_an_example(written: str) -> None:
    settings = BASE["settings/regulars.yaml"]
    (line,) = [one for one in settings.splitlines() if one.startswith("timezone:")]
    workspace = load_texts({**BASE, "settings/regulars.yaml": settings.replace(line, f"timezone: {written}")})
    (problem,) = workspace.errors
    assert problem.helps == ("write for example  Europe/Berlin",)


def test_a_file_that_still_grows_is_not_taken_in(sqlite_store: sa.Engine, tmp_path: Path, now: datetime) -> None:
    """An editor writes in pieces, and each piece alone is sound: it is taken in when it rested from one look to the next."""
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings/regulars.yaml").write_text(SETTINGS)
    file = tmp_path / "hello.yaml"
    file.write_text(f"{HEAD}do:\n  - tag: old\n")
    daemon = Daemon(tmp_path, sqlite_store, Record(), SECRETS, now=lambda: now, elapsed=lambda: 0.0)
    daemon.refresh()

    def steps() -> list[str]:
        assert daemon._workspace is not None
        return [*daemon._workspace.playbooks["hello"].steps]

    text = f"{HEAD}do:\n"
    for word in ("one", "two", "three"):
        text += f"  - tag: {word}\n"
        file.write_text(text)
        daemon.refresh()
        assert steps() == ["tag-old"]
    daemon.refresh()
    assert steps() == ["tag-one", "tag-two", "tag-three"]
