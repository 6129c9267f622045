"""A file that has its name only when it is whole: what is no file keeps its name."""

import os
from pathlib import Path

import pytest

from engine.whole import Whole


def _something(path: Path, what: str) -> None:
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    else:
        os.mkfifo(path.with_name("pipe"))
        path.symlink_to(path.with_name("pipe"))


@pytest.mark.parametrize("what", ["pipe", "folder", "a link to a pipe"])
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, what: str, when: str) -> None:
    path = tmp_path / "all.zip"
    whole = Whole(path)
    if when == "meanwhile":
        whole.begin().close()
    _something(path, what)
    before = path.lstat()
    with pytest.raises(FileExistsError, match="something else than a file"):
        whole.begin() if when == "before" else whole.keep()
    whole.drop()
    assert (path.lstat().st_mode, path.lstat().st_ino) == (before.st_mode, before.st_ino)
    assert not path.with_name("all.zip.part").exists()


@pytest.mark.parametrize("target", ["file", "nowhere", "all.zip"])
def test_a_link_to_a_file_or_to_nothing_is_replaced_and_not_followed(tmp_path: Path, target: str) -> None:
    path, other = tmp_path / "all.zip", tmp_path / "file"
    other.write_text("another's")
    path.symlink_to(tmp_path / target)
    whole = Whole(path)
    with whole.begin() as file:
        file.write(b"new")
    whole.keep()
    assert (path.is_symlink(), path.read_text(), other.read_text()) == (False, "new", "another's")
