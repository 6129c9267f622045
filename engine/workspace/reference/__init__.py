"""The reference of the language: a page for every trigger, step, guard and setting, made from what the engine reads by."""

from collections.abc import Mapping
from errno import EEXIST
from os.path import relpath
from pathlib import Path, PurePath

from engine.workspace.load import Workspace
from engine.workspace.reference.pages import pages

_INDEX = "README.md"


def write(folder: Path, examples: Workspace) -> None:
    """Writes the pages that are not up to date, and removes those of words that are no more.

    Raises `FileExistsError` for a folder with pages that this has not made.
    """
    made = _made(folder, examples)
    if not _is_ours(folder, made[folder / _INDEX]):
        raise FileExistsError(
            EEXIST, "it holds pages of others, which this would remove; name a folder of its own", str(folder)
        )
    for path in _stale(folder, made):
        if path not in made:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path], encoding="utf-8")


def stale(folder: Path, examples: Workspace) -> list[Path]:
    """The pages that are missing, or not what the declarations and the example workspace say."""
    return _stale(folder, _made(folder, examples))


def _stale(folder: Path, made: Mapping[Path, str]) -> list[Path]:
    old = [path for path, text in made.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    return sorted([*old, *(path for path in folder.rglob("*.md") if path not in made)])


def _is_ours(folder: Path, index: str) -> bool:
    """Whether no page is in the folder, or the index of a reference: its first sentence is the same in all versions."""
    first = index.partition(".")[0]
    kept = folder / _INDEX
    return next(folder.rglob("*.md"), None) is None or (
        kept.is_file() and kept.read_text(encoding="utf-8", errors="replace").startswith(first)
    )


def _made(folder: Path, examples: Workspace) -> dict[Path, str]:
    at = PurePath(relpath(examples.root, folder)).as_posix()
    return {folder / name: text for name, text in pages(examples, at).items()}


__all__ = ["pages", "stale", "write"]
