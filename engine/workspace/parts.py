"""What people call a place of a file: a step, a branch, the `goal`."""

from engine.source.marks import Path

_LISTS = {
    "do": "step",
    "then": "step",
    "else": "step",
    "choose": "branch",
    "wait_first": "branch",
    "split": "share",
    "tests": "test",
    "events": "event",
    "expect": "expectation",
}


def part_of(path: Path) -> str:
    """The part that a mapping at `path` is."""
    if not path:
        return "file"
    if isinstance(path[-1], int):
        return _LISTS.get(str(path[-2]), "entry") if len(path) > 1 else "entry"
    return f"`{path[-1]}`"
