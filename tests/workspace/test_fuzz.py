"""Whatever stands in a playbook's file, the answer is a playbook or problems with places in that file; never a traceback."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.actions import ACTIONS
from engine.rehearse.reading import read_tests
from engine.source.printing import print_problems
from engine.triggers import TRIGGERS
from engine.workspace import Workspace, load, load_texts
from tests.workspace.test_gallery import HERE, files_of

BASE = files_of(HERE / "base")
EXAMPLES = HERE.parent.parent / "playbooks"
PLAYBOOKS = [
    path.read_text("utf-8")
    for folder in (HERE / "ok", HERE / "err", EXAMPLES)
    for path in sorted(folder.glob("*.yaml"))
]
#: Every other kind of file, by its path in a workspace.
OTHERS = [
    (path.relative_to(root).as_posix(), path.read_text("utf-8"))
    for root in [EXAMPLES, *sorted(one for one in (HERE / "err").iterdir() if one.is_dir())]
    for folder in ("settings", "segments", "tests")
    for path in sorted((root / folder).glob("*.yaml"))
]
KEYS = sorted(
    {word.strip(" -") for text in PLAYBOOKS for line in text.splitlines() for word in [line.partition(":")[0]]}
)
SCALARS = sorted(
    {line.partition(": ")[2] for text in PLAYBOOKS for line in text.splitlines()}
    | {"", "~", "1e5", "٣ days", "0 days", "0%", "100%", "50% of event.total", "“hello”", "rotation", "feb 30"}
)
NOISE = st.sampled_from(
    [
        "",
        " ",
        "  ",
        "- ",
        "#",
        ": ",
        "{{",
        "}}",
        "[",
        "]",
        "{",
        "\t",
        "\x00",
        "&a ",
        "*a",
        "!x ",
        "'",
        '"',
        "|",
        "\u2028",
        "：",
        "，",
        "“",
        "” ",
        "0 ",
        "-",
        "é",
        "名",
    ]
)

values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(SCALARS)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A playbook with some of its lines dropped, doubled, moved, shifted or spoilt."""
    return spoilt(draw, draw(st.sampled_from(PLAYBOOKS)))


def spoilt(draw: st.DrawFn, text: str) -> str:
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(lines) - 1)))
        line = lines[at] if lines else ""
        cut = draw(st.integers(0, len(line)))
        noise = draw(NOISE)
        lines[at : at + 1] = draw(
            st.sampled_from(
                [
                    [],
                    [line, line],
                    [noise + line],
                    [line[:cut] + noise + line[cut:]],
                    [line[:cut]],
                    [line[2:]],
                    ["  " + line],
                ]
            )
        )
    return "\n".join(lines)


@st.composite
def other(draw: st.DrawFn) -> tuple[str, str]:
    """A file of settings, a segment or a file of tests, spoilt in the same way."""
    name, text = draw(st.sampled_from(OTHERS))
    return name, spoilt(draw, text)


@cache
def examples() -> Workspace:
    """What the tests of the examples speak of."""
    return load(EXAMPLES)


def check(text: str, name: str = "fuzzed.yaml") -> None:
    workspace = load_texts({**BASE, name: text}, Path("playbooks"))
    if name.startswith("tests/"):
        found = read_tests(f"playbooks/{name}", text, examples())
        print_problems(found if isinstance(found, list) else [], {f"playbooks/{name}": text})
    print_problems(workspace.problems, workspace.texts)
    for problem in workspace.problems:
        assert problem.place.line >= 1
        assert problem.place.column >= 1
        assert problem.place.line <= len(workspace.texts[problem.place.file].splitlines()) + 1
    assert not (workspace.errors and workspace.playbooks)


#: Spoilt by an earlier run: a step stands where a condition is asked for.
STEP_AMONG_CONDITIONS = """playbook: never
when:
  event: order.paid
do:
  - choose:
      - if:
          - customer.orders_count >= 3
          - tag: never
"""


@settings(max_examples=60, deadline=None)
@example(STEP_AMONG_CONDITIONS)
@given(mutated())
def test_spoilt_playbooks(text: str) -> None:
    check(text)


@settings(max_examples=60, deadline=None)
@given(other())
def test_spoilt_surroundings(file: tuple[str, str]) -> None:
    name, text = file
    check(text, name)


STEPS = sorted(ACTIONS)
WORDS = sorted({key for one in (*ACTIONS.values(), *TRIGGERS.values()) for key in one.model_fields})


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(WORDS), values, max_size=3),
    st.dictionaries(st.sampled_from(WORDS), values, max_size=3),
    st.sampled_from(STEPS),
    st.sampled_from(sorted(TRIGGERS)),
    st.sampled_from(SCALARS),
)
def test_values_beside_every_word(beside: dict[str, Any], more: dict[str, Any], verb: str, word: str, one: str) -> None:
    check(json.dumps({"playbook": "fuzzed", "when": {word: one, **more}, "do": [{verb: one, **beside}]}))


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=6))
def test_values_in_the_wrong_place(value: dict[str, Any]) -> None:
    check(json.dumps({"playbook": "fuzzed", "when": {"event": "order.paid"}, "do": [{"stop": "done"}], **value}))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60) | st.lists(NOISE, max_size=12).map("".join))
def test_any_text(text: str) -> None:
    check(text)
