"""Message files: what is read, and what is said about those that cannot be."""

import pytest

from engine.render import Message, Part, parse_message
from engine.source.problem import Place, Problem

FILE = "messages/thanks/zh-CN.md"


def read(text: str | bytes, file: str = FILE) -> Message:
    parsed = parse_message(file, text)
    assert isinstance(parsed, Message), parsed
    return parsed


def wrong(text: str | bytes, file: str = FILE) -> list[tuple[str, int, int, int, str]]:
    parsed = parse_message(file, text)
    assert isinstance(parsed, list)
    assert all(problem.place.file == file for problem in parsed)
    return [(one.rule, one.place.line, one.place.column, one.place.width, one.text) for one in parsed]


def test_a_message_with_the_places_of_its_parts() -> None:
    assert read('---\nsubject:  Sale: "50%" off - don\'t miss it \n# note\npreheader: See\n---\n\nHi\n') == Message(
        id="thanks",
        language="zh-CN",
        file=FILE,
        subject=Part('Sale: "50%" off - don\'t miss it', 2, 11),
        preheader=Part("See", 4, 12),
        body=Part("\nHi\n", 6),
    )


def test_marks_around_a_part_of_a_text_belong_to_it() -> None:
    assert read('---\nsubject: "Yes" or "no"\n---\nHi').subject.text == '"Yes" or "no"'


@pytest.mark.parametrize(
    "text", ["\ufeff---\nsubject: x\n---\nHi", "---\r\nsubject: x\r\n---\r\nHi", "---  \nsubject: x\n--- \nHi"]
)
def test_marks_line_ends_and_trailing_spaces_of_editors_do_no_harm(text: str) -> None:
    assert (read(text).subject.text, read(text.encode()).body.text) == ("x", "Hi")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ("no-front-matter", 1, 1, 1, "a message begins with its front matter")),
        ("Hi", ("no-front-matter", 1, 1, 2, "a message begins with its front matter")),
        ("---\nsubject: x\nHi", ("unclosed-front-matter", 1, 1, 3, "the front matter is never closed")),
        ("---\n---\nHi", ("missing-subject", 1, 1, 3, "the message has no subject")),
        ("---\nsubject:\n---\nHi", ("empty-value", 2, 1, 7, "`subject` is empty")),
        (
            '---\nsubject: "x: y"\n---\nHi',
            ("quoted", 2, 1, 7, "the quotation marks around `subject` would be sent too"),
        ),
        ("---\nsms: 'x'\n---\n", ("quoted", 2, 1, 3, "the quotation marks around `sms` would be sent too")),
        ("---\nsubject: x\n---\n \n", ("empty-message", 3, 1, 3, "there is no text below the front matter")),
        ("---\nsubjct: x\n---\nHi", ("unknown-key", 2, 1, 6, "a message has no key `subjct`")),
        ("---\nsubject: x\nfrom: y\n---\nHi", ("unknown-key", 3, 1, 4, "a message has no key `from`")),
        ("---\nsubject: x\nsubject: y\n---\nHi", ("duplicate-key", 3, 1, 7, "`subject` is written twice")),
        ("---\nsubject: x\n and more\n---\nHi", ("not-a-key", 3, 1, 9, "this line of the front matter has no key")),
        ("---\nsubject: x\n---\nHi \x07", ("control-character", 4, 4, 1, "there is a control character U+0007")),
        (b"---\nsubject: x\n---\nHi \xff", ("not-utf-8", 4, 1, 1, "the file is not UTF-8")),
        (
            "---\nsubject: x\n---\n" + "x" * 100_000,
            ("too-large", 1, 1, 3, "a message has at most 100,000 characters; this one has 100,019"),
        ),
    ],
)
def test_one_mistake_one_problem_with_its_place(text: str | bytes, problem: tuple[str, int, int, int, str]) -> None:
    assert wrong(text) == [problem]


def test_a_misspelt_key_is_set_right() -> None:
    assert parse_message(FILE, "---\nsubjct: x\n---\nHi") == [
        Problem(Place(FILE, 2, 1, 6), "unknown-key", "a message has no key `subjct`", ("did you mean `subject`?",))
    ]


@pytest.mark.parametrize("name", ["english.md", "e.md", "xx-YY.md", "en_US.md"])
def test_a_file_is_named_by_its_language(name: str) -> None:
    assert wrong("---\nsubject: x\n---\nHi", f"messages/thanks/{name}")[0][0] == "not-a-language"


def test_all_problems_of_a_file_at_once() -> None:
    assert [rule for rule, *_ in wrong("---\nform: x\nprehaeder: y\n---\n")] == [
        "unknown-key",
        "unknown-key",
        "missing-subject",
        "empty-message",
    ]
