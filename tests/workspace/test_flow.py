"""Steps: their ids, and which follows which."""

from engine.workspace import Playbook, load_texts
from engine.workspace.flow import block_paths
from tests.workspace.test_gallery import HERE, files_of

BASE = files_of(HERE / "base")
HEAD = "playbook: p\nwhen:\n  event: order.paid\ndo:\n"


def playbook(steps: str) -> Playbook:
    workspace = load_texts({**BASE, "p.yaml": HEAD + steps})
    assert workspace.problems == ()
    return workspace.playbooks["p"]


def test_ids_are_made_of_verb_and_value() -> None:
    steps = "  - tag: x\n  - tag: x\n  - tag: y\n    id: tag-x-2\n  - tag: x\n  - stop: 谢谢\n"
    assert list(playbook(steps).steps) == ["tag-x", "tag-x-3", "tag-x-2", "tag-x-4", "stop"]


def test_a_block_goes_on_where_its_step_ends() -> None:
    found = playbook(
        "  - choose:\n"
        "      - if: customer.tier is gold\n        do:\n          - tag: a\n          - tag: b\n"
        "      - else:\n          - wait_for: order.paid\n            within: 1 day\n            else:\n              - tag: c\n"
        "  - tag: d\n"
    )
    assert found.first == "choose"
    steps = found.steps
    assert steps["choose"].blocks == ("tag-a", "wait-for-order-paid")
    assert (steps["choose"].next, steps["tag-a"].next, steps["tag-b"].next) == ("tag-d", "tag-b", "tag-d")
    assert steps["wait-for-order-paid"].blocks == (None, "tag-c")
    assert steps["tag-c"].next == "tag-d"
    assert steps["tag-d"].next is None


def test_a_step_knows_its_line_and_words() -> None:
    step = playbook("  - wait_until: 7 days after customer.created_at\n    at: 10:00\n").steps
    (only,) = step.values()
    assert (only.line, only.text) == (5, "wait_until 7 days after customer.created_at")


def test_blocks_are_found_by_declaration() -> None:
    texts = {"choose": [{"if": "x", "do": []}, {"else": []}, {"if": "y"}]}
    assert list(block_paths("choose", texts)) == [("choose", 0, "do"), ("choose", 1, "else"), ("choose", 2, "do")]
    assert list(block_paths("wait_for", {})) == [("then",), ("else",)]
    assert list(block_paths("email", {})) == []
