"""YAML 1.2 core with marks: values stay what was written, and what could surprise or overwhelm is refused with a place."""

import time

import pytest

from engine.source.marks import Source
from engine.source.problem import Place
from engine.source.yaml import MAX_BYTES, read_yaml


def read(text: str | bytes) -> Source:
    source = read_yaml("f.yaml", text)
    assert isinstance(source, Source), source
    return source


def refused(text: str | bytes) -> list[tuple[str, int, int]]:
    problems = read_yaml("f.yaml", text)
    assert isinstance(problems, list), problems.data
    return [(problem.rule, problem.place.line, problem.place.column) for problem in problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("10:00", "10:00"),
        ("0123", 123),
        ("0o17", 15),
        ("0x1F", 31),
        ("+861380000000", 861380000000),
        ("3.10", 3.1),
        ("1e3", 1000.0),
        ("1_000", "1_000"),
        ("2026-02-29", "2026-02-29"),
        ("2026-03-01 12:00", "2026-03-01 12:00"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("9" * 5000, "9" * 5000),
        ("0x" + "f" * 20000, "0x" + "f" * 20000),
        ("٣", "٣"),
        ("'5'", "5"),
        ('"true"', "true"),
        ('"a\\nb"', "a\nb"),
    ],
)
def test_values_are_those_of_yaml_1_2(written: str, value: object) -> None:
    source = read(f"key: {written}\n")
    assert source.data == {"key": value}
    assert type(source.data["key"]) is type(value)


@pytest.mark.parametrize("written", ["0123", "3.10", "NO", "+861380000", "10:00", "1e3", "TRUE", "0x10", "-0"])
def test_a_text_field_gets_what_was_written(written: str) -> None:
    assert read(f"a: [{written}]\nb:\n  c: {written}").texts() == {"a": [written], "b": {"c": written}}


def test_an_empty_value_has_no_text() -> None:
    assert read("a:\nb: ''").texts() == {"a": None, "b": ""}


def test_every_key_and_value_has_its_place() -> None:
    source = read("do:\n  - wait: 7 days\n    at: 10:00\n  - [a, 日本]\n")
    assert source.place(("do", 0, "wait")) == Place("f.yaml", 2, 11, 6)
    assert source.key_place(("do", 0, "at")) == Place("f.yaml", 3, 5, 2)
    assert source.key_place(("do", 1, 1)) == Place("f.yaml", 4, 9, 2)
    assert source.place(("do", 7, "none")) == source.place(("do",))


@pytest.mark.parametrize(
    ("text", "piece", "place"),
    [
        ("a: customer.tier is gold", (16, 18), Place("f.yaml", 1, 20, 2)),
        ("a: 'it''s gold'", (5, 9), Place("f.yaml", 1, 11, 4)),
        ('a: "\\"x\\" gold"', (4, 8), Place("f.yaml", 1, 11, 4)),
        ("a: one\n  two", (4, 7), Place("f.yaml", 2, 3, 3)),
        ("a: |\n  one\n  two\n", (4, 7), Place("f.yaml", 3, 3, 3)),
        ("a: end", (3, 3), Place("f.yaml", 1, 7, 1)),
    ],
)
def test_pieces_of_a_value_have_places(text: str, piece: tuple[int, int], place: Place) -> None:
    assert read(text).within(("a",), *piece) == place


def test_a_byte_order_mark_is_accepted() -> None:
    assert read(b"\xef\xbb\xbfa: b").data == {"a": "b"}
    assert read("a: b\r\nc: d\r\n").place(("c",)) == Place("f.yaml", 2, 4, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", [("duplicate-key", 3, 1)]),
        ("a: &x [1]\nb: *x\n", [("anchor", 1, 4), ("alias", 2, 4)]),
        ("a: &a [*a]", [("anchor", 1, 4), ("alias", 1, 8)]),
        ("a:\n  <<: {b: c}", [("merge-key", 2, 3)]),
        ("a: !secret x", [("tag", 1, 4)]),
        ("a: !!python/object:os.system x", [("tag", 1, 4)]),
        ("a: b\n---\nc: d", [("second-document", 2, 1)]),
        ("%YAML 1.1\n---\na: b", [("directive", 1, 1)]),
        ("a:\n\t- b", [("tab", 2, 1)]),
        ("a: b\0c", [("character", 1, 5)]),
        ('a: "b\\0c"', [("character", 1, 4)]),
        ('"\\ud800": b', [("character", 1, 1)]),
        (b"a: \xff", [("encoding", 1, 4)]),
        ("a: b".encode("utf-16"), [("encoding", 1, 1)]),
        ("", [("empty-file", 1, 1)]),
        ("# only a comment\n", [("empty-file", 1, 1)]),
        ("text", [("empty-file", 1, 1)]),
        ("- a", [("empty-file", 1, 1)]),
        ("? [a]\n: b", [("key", 1, 3)]),
        ("a: @x", [("yaml", 1, 4)]),
        ('a: "x" y', [("yaml", 1, 8)]),
        ("a: [b\nc: d", [("yaml", 1, 4)]),
        ("a: {{ b }} c", [("template-in-playbook", 1, 4)]),
        ("do:\n  - wait: 7 days\n     - email: x", [("indentation", 3, 6)]),
        ("do:\n  - email: x\n      at: 10:00", [("indentation", 3, 7)]),
        ("a" * (MAX_BYTES + 1), [("too-large", 1, 1)]),
    ],
)
def test_what_is_refused(text: str | bytes, expected: list[tuple[str, int, int]]) -> None:
    assert refused(text) == expected


@pytest.mark.parametrize("depth", [33, 500, 50_000])
@pytest.mark.parametrize("unit", ["[", "{a: ", "- ", "? "])
def test_depth_is_capped_before_anything_is_built(depth: int, unit: str) -> None:
    assert refused("a:\n  " + unit * depth)[0][0] in ("too-deep", "key")


def test_a_bomb_is_refused_at_its_first_anchor() -> None:
    text = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"b{n}: &b{n} [{','.join(['*a'] * 9)}]\n" for n in range(900))
    before = time.perf_counter()
    assert refused(text)[0] == ("anchor", 1, 4)
    assert time.perf_counter() - before < 5


def test_the_number_of_values_is_capped() -> None:
    assert refused("a: [" + "1," * 20_000 + "]")[0][0] == "too-large"
