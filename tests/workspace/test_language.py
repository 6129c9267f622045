"""The examples by which the language was laid down: each is sound, and does what it says, in the tea house's workspace."""

import re
from pathlib import Path

import pytest

from engine.rehearse.suite import Suite
from engine.source.printing import print_problems
from engine.workspace import Workspace, load_texts

HERE = Path(__file__).parent
EXAMPLES = HERE / "language"
SHOP = HERE.parents[1] / "playbooks"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))
SURROUNDINGS = ("settings", "segments", "messages")


def example(name: str) -> Workspace:
    """One example with its tests, among the settings and texts of the example shop and none of its playbooks."""
    around = [path for folder in SURROUNDINGS for path in (SHOP / folder).rglob("*.*")]
    files = {path.relative_to(SHOP).as_posix(): path.read_text("utf-8") for path in around}
    for file in (f"{name}.yaml", f"tests/{name}.test.yaml"):
        files[file] = (EXAMPLES / file).read_text("utf-8")
    return load_texts(files, Path("playbooks"))


@pytest.mark.parametrize("name", NAMES)
def test_is_sound_and_does_what_it_says(name: str) -> None:
    workspace = example(name)
    assert print_problems(workspace.errors, workspace.texts) == ""
    assert [one.told for one in Suite(workspace).run() if not one.passed] == []


@pytest.mark.parametrize("name", [name for name in NAMES if (SHOP / f"{name}.yaml").exists()])
def test_the_recipe_of_that_name_does_at_least_the_same(name: str) -> None:
    mine, recipe = (_lines(folder / f"{name}.yaml") for folder in (EXAMPLES, SHOP))
    assert [line for line in mine if not any(line <= other for other in recipe)] == []


def _lines(file: Path) -> list[set[str]]:
    """The words of each line of a playbook, without comments: a list of countries may be longer."""
    lines = (line.split(" #")[0] for line in file.read_text("utf-8").splitlines())
    return [set(re.findall(r"[^\s,\[\]]+", line)) for line in lines if not line.startswith("#")]
