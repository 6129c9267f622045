"""Texts that can be sent and should be thought over: the author is told."""

import pytest

from engine.workspace import load_texts
from tests.workspace.test_gallery import HERE, files_of

BASE = files_of(HERE / "base")


def told(body: str) -> list[tuple[str, str, int]]:
    text = f"---\nsubject: Hello\n---\n{body}\n"
    workspace = load_texts({**BASE, "messages/hello/en.md": text})
    found = [one for one in workspace.problems if one.place.file.endswith("messages/hello/en.md")]
    assert not workspace.errors
    return [(one.rule, one.text, one.place.line) for one in found]


def test_a_picture_without_words_is_doubted() -> None:
    said = "a picture without words says nothing to those who do not see it"
    assert told("Hello\n\n![](https://shop.example/tea.png)") == [("silent-picture", said, 6)]
    assert told("![ ](https://shop.example/tea.png)") == [("silent-picture", said, 4)]
    assert told("![A cup of tea](https://shop.example/tea.png)") == []


@pytest.mark.parametrize(("size", "doubted"), [(40_000, False), (80_000, True)])
def test_a_long_text_is_doubted(size: int, doubted: bool) -> None:
    found = told("A word or two.\n\n" * (size // 16))
    assert [rule for rule, _, _ in found] == (["long-mail"] if doubted else [])
