"""Whatever stands in a playbook's file, the answer is a playbook or problems with places in that file; never a traceback."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.source.printing import print_problems
from engine.workspace import load_texts
from tests.workspace.test_gallery import HERE, files_of

BASE = files_of(HERE / "base")
PLAYBOOKS = [path.read_text("utf-8") for folder in ("ok", "err") for path in sorted((HERE / folder).glob("*.yaml"))]
KEYS = sorted(
    {word.strip(" -") for text in PLAYBOOKS for line in text.splitlines() for word in [line.partition(":")[0]]}
)
SCALARS = sorted(
    {line.partition(": ")[2] for text in PLAYBOOKS for line in text.splitlines()} | {"", "~", "1e5", "٣ days"}
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
    lines = draw(st.sampled_from(PLAYBOOKS)).splitlines()
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


def check(text: str) -> None:
    workspace = load_texts({**BASE, "fuzzed.yaml": text}, Path("playbooks"))
    print_problems(workspace.problems, workspace.texts)
    for problem in workspace.problems:
        assert problem.place.line >= 1
        assert problem.place.column >= 1
        assert problem.place.line <= len(workspace.texts[problem.place.file].splitlines()) + 1
    assert not (workspace.errors and workspace.playbooks)


@settings(max_examples=60, deadline=None)
@given(mutated())
def test_spoilt_playbooks(text: str) -> None:
    check(text)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=6))
def test_values_in_the_wrong_place(value: dict[str, Any]) -> None:
    check(json.dumps({"playbook": "fuzzed", "when": {"event": "order.paid"}, "do": [{"stop": "done"}], **value}))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60) | st.lists(NOISE, max_size=12).map("".join))
def test_any_text(text: str) -> None:
    check(text)
