"""What authors read when they err: each file of err/ in a sound workspace gives exactly the text beside it."""

from pathlib import Path

import pytest

from engine.rehearse.reading import read_tests
from engine.source.printing import print_problems
from engine.workspace import Workspace, load_texts

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in (HERE / "err").glob("*.out"))


def files_of(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its path there."""
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.*") if path.is_file()
    }


def loaded(name: str, folder: str) -> Workspace:
    """The sound workspace with one more file, or with the files of a folder laid over it."""
    files = files_of(HERE / "base")
    single = HERE / folder / f"{name}.yaml"
    more = {single.name: single.read_text("utf-8")} if single.is_file() else files_of(HERE / folder / name)
    return load_texts({**files, **more}, Path("playbooks"))


def said(workspace: Workspace) -> str:
    """All that `regulars validate` and `regulars test` say of the files."""
    problems = {*workspace.problems}
    for file, text in workspace.texts.items():
        if "/tests/" in file:
            tests = read_tests(file, text, workspace)
            problems |= {*tests} if isinstance(tests, list) else set()
    ordered = sorted(problems, key=lambda one: (one.place, one.rule, one.text))
    return print_problems(ordered, workspace.texts)


@pytest.mark.parametrize("name", NAMES)
def test_says_exactly(name: str) -> None:
    assert said(loaded(name, "err")) == (HERE / "err" / f"{name}.out").read_text("utf-8")


@pytest.mark.parametrize("name", [name for name in NAMES if (HERE / "err" / f"{name}.yaml").is_file()])
def test_a_playbook_with_errors_is_left_out(name: str) -> None:
    workspace = loaded(name, "err")
    assert bool(workspace.playbooks) is not bool(workspace.errors)


@pytest.mark.parametrize("name", sorted(path.stem for path in (HERE / "ok").iterdir()))
def test_is_silent(name: str) -> None:
    workspace = loaded(name, "ok")
    assert print_problems(workspace.problems, workspace.texts) == ""
    assert workspace.playbooks


def test_every_broken_file_has_its_text() -> None:
    assert sorted({path.stem for path in (HERE / "err").iterdir()}) == NAMES
