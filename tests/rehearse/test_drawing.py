"""A test drawn as a story: the pictures of the README are what the tests say, and nothing of a text gets lost in them."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from engine.cli import main
from engine.rehearse.drawing import _wrap as wrap

_ROOT = Path(__file__).parents[2]
_PICTURES = _ROOT / "docs" / "pictures"
_STORIES = [line.split("|") for line in (_PICTURES / "stories.txt").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("file", "name"), _STORIES, ids=[file for file, _ in _STORIES])
def test_a_picture_of_the_readme_is_what_the_test_says(file: str, name: str, tmp_path: Path) -> None:
    made = tmp_path / file
    result = CliRunner().invoke(main, ["draw", "-w", str(_ROOT / "playbooks"), name, str(made)])
    assert result.exit_code == 0, result.output
    ElementTree.parse(made)
    assert made.read_text(encoding="utf-8") == (_PICTURES / file).read_text(encoding="utf-8"), "write:  make pictures"


def test_a_name_that_several_tests_have_is_asked_back(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["draw", "-w", str(_ROOT / "playbooks"), "voucher", str(tmp_path / "x.svg")])
    assert result.exit_code == 1 and "must be a part of the name of one test" in result.output


@pytest.mark.parametrize(
    "text",
    [
        "short",
        "word " * 60,
        "没有空格的长句子" * 20,
        "x" * 200,
        "with  two  spaces",
        "에서 한국어와 English를 섞어 " * 9,
    ],
)
def test_wrapping_loses_no_word_and_fits(text: str) -> None:
    lines = list(wrap(text))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(sum(2 if ord(one) > 0x1100 else 1 for one in line) <= 72 for line in lines)
