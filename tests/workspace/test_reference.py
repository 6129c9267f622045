"""The reference: every word has an example that really stands in the example workspace, and every link leads somewhere."""

import re
import textwrap
from pathlib import Path

import pytest

from engine.guards import GUARDS
from engine.workspace import load
from engine.workspace.reference import pages, stale, write

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
EXAMPLES = load(ROOT / "playbooks")
PAGES = pages(EXAMPLES, "../../playbooks")
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_LINK = re.compile(r"\]\(([^)#]+)\)")
_EXAMPLE = re.compile(r"((?:```(?:yaml|markdown)\n(?:(?!```).)*```\n\n)+)From \[`[^`]+`\]\(([^)]+)\)", re.DOTALL)


#: Pages that show no file of the workspace: imported files are CSV.
_WITHOUT = {"README.md", "imports.md"}


@pytest.mark.parametrize("name", sorted(set(PAGES) - _WITHOUT))
def test_a_page_has_an_example_that_stands_in_the_file_it_names(name: str) -> None:
    found = _EXAMPLE.findall(PAGES[name])
    assert found
    for blocks, link in found:
        text = (REFERENCE / name).parent.joinpath(link).resolve().read_text(encoding="utf-8")
        for block in re.findall(r"```(?:yaml|markdown)\n(.*?)\n```", blocks, re.DOTALL):
            first = next(line for line in text.splitlines() if line.strip() == block.splitlines()[0])
            depth = len(first) - len(first.lstrip())
            assert textwrap.indent(block, " " * depth) in text


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_link_leads_to_a_file(name: str) -> None:
    links = _LINK.findall(_CODE.sub("", PAGES[name]))
    assert links
    assert [link for link in links if not (REFERENCE / name).parent.joinpath(link).resolve().is_file()] == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_page_has_an_empty_cell_or_a_word_of_the_code(name: str) -> None:
    for line in PAGES[name].splitlines():
        if line.startswith("|"):
            assert all(cell.strip() for cell in line.strip("|").replace("\\|", "/").split("|")), line
        assert not re.search(r"Form\b|\$defs|'string'", line), line


@pytest.mark.parametrize("name", sorted(GUARDS))
def test_a_guard_begins_with_what_it_is_for(name: str) -> None:
    assert GUARDS[name].__module__ == f"engine.guards.{name}"
    opening = PAGES[f"guards/{name}.md"].split("\n\n")[1]
    assert opening in (ROOT / f"engine/guards/{name}.py").read_text(encoding="utf-8")


def test_the_index_links_every_page() -> None:
    assert set(_LINK.findall(PAGES["README.md"])) == set(PAGES) - {"README.md"}


def test_pages_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Our shop", encoding="utf-8")
    with pytest.raises(FileExistsError, match="pages of others"):
        write(tmp_path, EXAMPLES)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_pages_of_words_that_are_no_more_go(tmp_path: Path) -> None:
    write(tmp_path, EXAMPLES)
    (tmp_path / "steps" / "fax.md").write_text("# `fax`", encoding="utf-8")
    write(tmp_path, EXAMPLES)
    assert not (tmp_path / "steps" / "fax.md").exists()
    assert stale(tmp_path, EXAMPLES) == []
