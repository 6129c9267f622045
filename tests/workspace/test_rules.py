"""Every rule that the code can tell authors of has its message in the gallery, or in the test that is named here."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.workspace.test_gallery import HERE

ROOT = HERE.parent.parent
#: Who is told of a rule, and where in the call it stands.
TELLS = {"add": 1, "warn": 1, "Problem": 1, "Flaw": 2, "Misread": 0, "Refusal": 2, "_say": 1, "_unknown": 2, "_flaw": 1}
RULE = re.compile(r"[a-z]+(-[a-z]+)*")
SAID = re.compile(r"(?:error|warning)\[([a-z-]+)\]")
#: Rules that no file alone can raise: what it takes, and words of the test that raises it.
ELSEWHERE = {
    "encoding": ("source/test_yaml.py", "encoding"),  # bytes
    "too-large": ("source/test_yaml.py", "too-large"),  # a file of a megabyte
    "reserved": ("render/test_check.py", "reserved"),  # letters that no editor shows
    "long-mail": ("faults/test_texts.py", "long-mail"),  # a text of many pages
    "silent-picture": ("faults/test_texts.py", "silent-picture"),
    "file-name": ("workspace/test_load.py", "file-name"),  # a folder
    "missing-file": ("workspace/test_load.py", "missing-file"),
    "not-installed": ("workspace/test_not_installed.py", "not-installed"),  # a program without an extra
    "unreadable": ("workspace/test_load.py", "unreadable"),
    "missing-value": ("render/test_template.py", "this customer has no"),  # a customer
    "does-not-fit": ("render/test_template.py", "do not go together"),
    "rejected": ("rehearse/test_answers.py", "this cannot happen"),  # a test that runs
    "no-result": ("rehearse/test_suite.py", "has no `gift` at this moment"),
    "no-voucher": ("rehearse/test_vouchers.py", "there is no voucher `V2` at this moment"),
    "no-task": ("rehearse/test_answers.py", "there is no open task"),
    "no-question": ("rehearse/test_answers.py", "there is no open question"),
    "stock": ("cli/test_voucher.py", "has 0 codes"),  # a store
    "people-in-flight": ("test_deploy.py", "people-in-flight"),
}


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def rules_of(tree: ast.Module) -> Iterator[object]:
    """The rules that stand as such in a module: in a call that tells of one, or as the attribute of a mistake."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in TELLS:
            yield from (one.value for one in node.args[TELLS[called(node)] :][:1] if isinstance(one, ast.Constant))
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("rule", "_RULE"):
            chosen = [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
            yield from (one.value for one in chosen if isinstance(one, ast.Constant))


def rules() -> set[str]:
    modules = (ast.parse(path.read_text("utf-8")) for path in (ROOT / "engine").rglob("*.py"))
    found = {rule for module in modules for rule in rules_of(module)}
    return {rule for rule in found if isinstance(rule, str) and RULE.fullmatch(rule)}


def shown() -> set[str]:
    return {rule for path in (HERE / "err").glob("*.out") for rule in SAID.findall(path.read_text("utf-8"))}


def test_every_rule_has_its_message_in_the_gallery() -> None:
    assert rules() - shown() - set(ELSEWHERE) == set()


@pytest.mark.parametrize("rule", sorted(ELSEWHERE))
def test_the_others_are_raised_elsewhere(rule: str) -> None:
    file, words = ELSEWHERE[rule]
    assert words in (ROOT / "tests" / file).read_text("utf-8")
    assert rule not in shown()
