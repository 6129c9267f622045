"""Problems as people see them: sorted, with a caret under the exact words, also where letters are wide."""

import pytest

from engine.source.printing import print_problems
from engine.source.problem import Place, Problem

TEXTS = {"a.yaml": "one: 1\nname: 名前 is wrong\n" + "x\n" * 8 + "eleven: 11\n", "b.yaml": "b: " + "y" * 5000}


def test_wide_letters_count_twice() -> None:
    printed = print_problems([Problem(Place("a.yaml", 2, 7, 2), "rule", "text")], TEXTS)
    assert printed.splitlines()[2:] == ["2 | name: 名前 is wrong", "  |       ^^^^"]


def test_a_second_place_shares_the_gutter() -> None:
    problem = Problem(Place("a.yaml", 11, 1, 6), "rule", "text", ("do it",), (Place("a.yaml", 1, 1, 3), "first"))
    assert print_problems([problem], TEXTS) == (
        "a.yaml:11:1: error[rule]: text\n   |\n11 | eleven: 11\n   | ^^^^^^\n 1 | one: 1\n   | - first\n   = help: do it\n"
    )


def test_a_second_place_in_another_file_is_a_note() -> None:
    problem = Problem(
        Place("a.yaml", 1, 1), "rule", "text", second=(Place("b.yaml", 3, 4), "first"), severity="warning"
    )
    printed = print_problems([problem], TEXTS)
    assert printed.startswith("a.yaml:1:1: warning[rule]: text\n")
    assert printed.endswith("  = note: first: b.yaml:3:4\n")


def test_files_and_lines_come_in_order() -> None:
    places = [Place("b.yaml", 1, 1), Place("a.yaml", 11, 1), Place("a.yaml", 2, 7), Place("a.yaml", 2, 1)]
    printed = print_problems([Problem(place, "rule", "text") for place in places], TEXTS)
    heads = [line.partition(": ")[0] for line in printed.splitlines() if ": error" in line]
    assert heads == ["a.yaml:2:1", "a.yaml:2:7", "a.yaml:11:1", "b.yaml:1:1"]


def test_a_long_line_is_cut_around_the_place() -> None:
    printed = print_problems([Problem(Place("b.yaml", 1, 3000, 4), "rule", "text")], TEXTS)
    assert max(map(len, printed.splitlines())) < 250
    assert "^^^^\n" in printed


def test_a_secret_is_not_printed() -> None:
    printed = print_problems([Problem(Place("a.yaml", 11, 9, 2), "secret-in-file", "text")], TEXTS)
    assert "11 | eleven: **\n" in printed


def test_a_file_without_text_has_no_excerpt() -> None:
    assert print_problems([Problem(Place("c.yaml", 1, 1), "rule", "text")], TEXTS) == "c.yaml:1:1: error[rule]: text\n"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("password: hunter2", "password: *******"),
        ("  smtp_password: 'a b'", "  smtp_password: *****"),
        ("a: {api_key: sk-12, b: c}", "a: {api_key: *****, b: c}"),
        ("password: RELAY_PASSWORD", "password: RELAY_PASSWORD"),
        ("secret: COURIER_SECRET", "secret: COURIER_SECRET"),
        ("title: the secret of tea", "title: the secret of tea"),
        ("tokens:", "tokens:"),
    ],
)
def test_what_stands_behind_the_name_of_a_secret_is_not_shown(line: str, shown: str) -> None:
    problem = Problem(Place("f.yaml", 1, 1, 1), "unknown-key", "no such key")
    assert f"1 | {shown}\n" in print_problems([problem], {"f.yaml": line})
