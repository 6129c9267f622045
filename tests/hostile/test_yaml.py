"""Whatever stands in a playbook's file: problems with their places, or a playbook; no traceback and no dead process."""

from pathlib import Path

import pytest

from engine.source.printing import print_problems
from engine.source.yaml import read_yaml
from engine.workspace import load_texts
from tests.hostile.yaml import CORPUS
from tests.workspace.test_gallery import HERE, files_of

BASE = files_of(HERE / "base")


def test_there_are_enough() -> None:
    assert len(CORPUS) >= 60


@pytest.mark.parametrize("name", CORPUS)
def test_is_refused_with_its_place(name: str) -> None:
    text = CORPUS[name]
    found = read_yaml("x.yaml", text)
    if isinstance(found, list):
        problems, texts = found, {"x.yaml": text if isinstance(text, str) else ""}
    else:
        assert isinstance(text, str)
        workspace = load_texts({**BASE, "x.yaml": text}, Path("playbooks"))
        problems, texts = [one for one in workspace.problems if one.place.file.endswith("x.yaml")], workspace.texts
        assert not workspace.playbooks
    assert problems
    assert all(one.place.line >= 1 and one.place.column >= 1 and one.text for one in problems)
    said = print_problems(problems, texts)
    assert len(said) < 200_000
    assert "hunter2" not in said
    assert "\x1b" not in said


#: Rows of the catalogue of faults (tests/faults) that are one file each: what is told, and where.
ROWS = {
    "1 a key twice": (
        "do:\n  - email: hi\ndo:\n  - email: hi\n",
        "5:1 duplicate-key: `do` is written twice in this file",
    ),
    "2 NO is a text": ("if: [customer.tier is NO]\ndo: []\n", "`NO` is not a value of `customer.tier`"),
    "3 hours are hours": ("send_window: 22:00-22:00\ndo: []\n", "3:14 value: `22:00-22:00` begins when it ends"),
    "4 a number with lines": ("if: [customer.tier is 1_000]\ndo: []\n", "`1_000` is not a value of `customer.tier`"),
    "6 no such day": ("if: [customer.birthday after 2026-02-29]\ndo: []\n", "3:"),
    "7 out of range": (f"priority: {'9' * 50}\ndo: []\n", "3:11 value: `priority` takes a whole number"),
    "8 an alias": ("do: &a []\nstop_when: *a\n", "3:5 anchor: `&a` is a YAML anchor; anchors are not used here"),
    "9 a merge": ("<<: {do: []}\n", "3:1 merge-key: `<<` merges keys of another place; that is not used here"),
    "10 too deep": ("do: " + "[" * 40, "3:36 too-deep: this is nested deeper than 32 levels"),
    "11 an alias of itself": ("do: &a [*a]\n", "3:9 alias: `*a` refers to a YAML anchor"),
    "12 a tag": ("do: !!python/object:os.system x\n", "3:5 tag: `!!python/object:os.system` is a YAML tag"),
    "13 a tab": ("do:\n\t- email: hi\n", "4:1 tab: a tab stands where YAML needs blanks"),
    "16 an unknown key": ("tempalte: x\ndo: []\n", "3:1 unknown-key: playbook has no key `tempalte`"),
    "17 a missing message": ("do:\n  - email: helo\n", "4:12 unknown-message: there is no message `helo` in messages/"),
    "20 a length before nothing": ("do:\n  - wait: -3 days\n", "4:11 duration: `-3 days` is not a length of time"),
    "20 a length of nothing": ("do:\n  - wait: 0 minutes\n", "4:11 duration: `0 minutes` is no time at all"),
    "20 ten thousand years": ("do:\n  - wait: 10000 years\n", "4:11 duration: `10000 years` is not a length of time"),
    "24 an unknown field": (
        "if: [customer.teir is gold]\ndo: []\n",
        "3:6 unknown-field: unknown field `customer.teir`",
    ),
    "24 a pattern": ("if: ['customer.tier matches (a+)+$']\ndo: []\n", "condition: `matches` does not fit here"),
    "25 a template": ("do:\n  - email: {{ message }}\n", "4:12 template-in-playbook: `{{ }}` belongs in message texts"),
    "26 a secret": ("password: hunter2\ndo: []\n", "3:1 unknown-key: playbook has no key `password`"),
    "27 a path that leads out": ("do:\n  - email: ../../x\n", "4:12 value: `../../x` is not a name"),
}


@pytest.mark.parametrize("row", ROWS)
def test_says(row: str) -> None:
    text, words = ROWS[row]
    workspace = load_texts({**BASE, "x.yaml": f"playbook: x\nwhen: {{event: order.paid}}\n{text}"}, Path("playbooks"))
    said = [f"{one.place.line}:{one.place.column} {one.rule}: {one.text}" for one in workspace.problems]
    assert any(words in one for one in said), said
    assert "x" not in workspace.playbooks
