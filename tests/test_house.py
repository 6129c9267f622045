"""How the house is kept: registries equal folders, everything has its test and its example, names say what things are."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.actions import ACTIONS
from engine.guards import GUARDS
from engine.happened import WORDS
from engine.triggers import TRIGGERS
from engine.workspace import load

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "engine").rglob("*.py"))
BANNED = {"manager", "helper", "helpers", "util", "utils", "common", "handler", "service", "processor"} | {
    *("core", "data", "info", "misc", "base"),
}
#: Names that the standard library gives.
GIVEN = {"data_received", "result_processor"}
EXAMPLES = load(ROOT / "playbooks")


def _modules(room: str) -> set[str]:
    return {path.stem for path in (ROOT / "engine" / room).glob("*.py")} - {"__init__"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_trigger_is_in_a_file_of_its_word_with_a_test() -> None:
    assert set(TRIGGERS) == _modules("triggers")
    assert all(word == trigger.word for word, trigger in TRIGGERS.items())
    assert all(trigger.__module__ == f"engine.triggers.{word}" for word, trigger in TRIGGERS.items())
    assert {word for word in TRIGGERS if not (ROOT / f"tests/triggers/test_{word}.py").exists()} == set()


def test_every_action_is_in_a_file_of_its_verb_with_a_test() -> None:
    assert set(ACTIONS) == _modules("actions")
    assert all(verb == action.verb and verb in action.model_fields for verb, action in ACTIONS.items())
    assert all(action.__module__ == f"engine.actions.{verb}" for verb, action in ACTIONS.items())
    assert {verb for verb in ACTIONS if not (ROOT / f"tests/actions/test_{verb}.py").exists()} == set()


def test_every_guard_is_in_a_file_of_its_name_with_a_test() -> None:
    assert set(GUARDS) == _modules("guards") - {"verdict", "holdout"}
    assert {name for name in _modules("guards") if not (ROOT / f"tests/guards/test_{name}.py").exists()} == set()


def test_every_trigger_and_action_has_an_example() -> None:
    playbooks = EXAMPLES.playbooks.values()
    assert {one.trigger.word for one in playbooks} == set(TRIGGERS)
    assert {step.action.verb for one in playbooks for step in one.steps.values()} == set(ACTIONS)


def test_every_trigger_and_action_stands_among_what_authors_read_who_err() -> None:
    files = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests/workspace/err").rglob("*.yaml"))
    assert {verb for verb in ACTIONS if not re.search(rf"- {verb}:", files)} == set()
    assert {word for word in TRIGGERS if not re.search(rf"when:(?:\s+|\s*{{){word}:", files)} == set()


def test_every_word_that_an_action_shows_is_one_of_expectations() -> None:
    shown = {
        (step.action.verb, word)
        for one in EXAMPLES.playbooks.values()
        for step in one.steps.values()
        for word, _ in step.action.shows()
    }
    assert {pair for pair in shown if pair[1] not in WORDS} == set(), "a word of `shows()` has its line in WORDS"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_says_what_it_is_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, "a module opens with a sentence about itself"
    assert docstring.split("\n")[0].rstrip().endswith((".", "?", "!", ":"))


def _named(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name not in GIVEN:
            yield node.name


def test_no_name_is_one_of_those_that_say_nothing() -> None:
    found = {}
    for path in MODULES:
        names = [path.stem, *_named(ast.parse(path.read_text(encoding="utf-8")))]
        words = {word.lower() for name in names for word in re.findall(r"[A-Z]?[a-z]+", name)}
        if words & BANNED:
            found[_name(path)] = words & BANNED
    assert found == {}
