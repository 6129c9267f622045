"""Reads JSON as RFC 8259 has it and no wider: what is wrong is named with its line, its column and the path to it.

Python's own reader takes NaN, repeated keys, halves of surrogate pairs and numbers of any length. It does the work where
nothing of that stands in the text; else a slower one goes through it letter by letter, and finds the place.
"""

import json
import re
from typing import Any, Final

#: Lists and objects inside each other.
DEEPEST: Final = 32

_LONGEST_NUMBER = 40
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WRITTEN = re.compile(r"[-+.0-9A-Za-z]+")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_DOUBTFUL = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None}
_NOT_BRACKETS = bytes(sorted({*range(256)} - {*b"[]{}"}))


class Number(str):
    """A number as it is written: an amount never goes through a float."""

    __slots__ = ()


class NotJson(ValueError):
    """The text is not JSON, or has what two readers would read differently."""

    def __init__(self, reason: str, line: int, column: int, path: str, advice: str) -> None:
        super().__init__(reason)
        self.reason, self.line, self.column, self.path, self.advice = reason, line, column, path, advice


def read_json(body: bytes) -> Any:
    """The value, with numbers as `Number`. Raises `NotJson`."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as fault:
        before = body[: fault.start].decode("utf-8")
        raise _fault(before, len(before), (), "this is not UTF-8", "write JSON in UTF-8") from None
    if _DOUBTFUL.search(text) is None and not _may_be_deep(body):
        try:
            return json.loads(
                text, object_pairs_hook=_pairs, parse_int=_number, parse_float=_number, parse_constant=_no
            )
        except (ValueError, RecursionError):
            pass  # the slower reader says where
    return _Reader(text).whole()


def _may_be_deep(body: bytes) -> bool:
    """Whether brackets may stand deeper than allowed; those inside of texts count too, which costs time and no more."""
    brackets = body.translate(None, _NOT_BRACKETS)
    for _ in range(DEEPEST):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _number(written: str) -> Number:
    if len(written) > _LONGEST_NUMBER or float(written) in (float("inf"), float("-inf")):
        raise ValueError
    return Number(written)


def _no(_constant: str) -> None:
    raise ValueError


def _fault(text: str, at: int, path: tuple[str | int, ...], reason: str, advice: str) -> NotJson:
    before = text[:at]
    line, column = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
    return NotJson(reason, line, column, written_path(path), advice)


def written_path(path: tuple[str | int, ...]) -> str:
    """`lines[2].amount`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")[:200].encode("utf-8", "replace").decode()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.path: list[str | int] = []

    def whole(self) -> Any:
        if self.text.startswith("\ufeff"):
            raise self.fault("the text begins with a byte order mark", "send JSON without it")
        found = self.value()
        self.space()
        if self.at < len(self.text):
            raise self.fault("something follows after the end of the value", "send one JSON value and nothing else")
        return found

    def fault(self, reason: str, advice: str, at: int | None = None) -> NotJson:
        return _fault(self.text, self.at if at is None else at, tuple(self.path), reason, advice)

    def space(self) -> str:
        """Goes on to the next sign, and gives it; empty at the end."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def value(self) -> Any:
        sign = self.space()
        if sign and sign in "{[" and len(self.path) >= DEEPEST:
            raise self.fault(f"lists and objects stand more than {DEEPEST} deep in each other", "send a flatter object")
        if sign == "{":
            return self.object()
        if sign == "[":
            return self.list()
        if sign == '"':
            return self.string()
        return self.word()

    def object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.at += 1
        if self.space() == "}":
            self.at += 1
            return found
        while True:
            start = self.at
            if self.space() != '"':
                raise self.fault("a name in double quotes is missing here", 'write  "name": value')
            start, name = self.at, self.string()
            if name in found:
                raise self.fault(f"the name `{name}` stands twice", "keep one of them", start)
            if self.space() != ":":
                raise self.fault("a `:` is missing after the name", 'write  "name": value')
            self.at += 1
            self.path.append(name)
            found[name] = self.value()
            self.path.pop()
            if self.ends("}"):
                return found

    def list(self) -> list[Any]:
        found: list[Any] = []
        self.at += 1
        if self.space() == "]":
            self.at += 1
            return found
        while True:
            self.path.append(len(found))
            found.append(self.value())
            self.path.pop()
            if self.ends("]"):
                return found

    def ends(self, closing: str) -> bool:
        """After an element: whether that was the last one."""
        sign = self.space()
        if sign not in (closing, ","):
            raise self.fault(f"a `,` or `{closing}` is missing here", "the text may be cut off: send the whole of it")
        self.at += 1
        return sign == closing

    def string(self) -> str:
        start, parts = self.at, []
        self.at += 1
        while True:
            plain = _PLAIN.match(self.text, self.at)
            if plain is not None:
                parts.append(plain[0])
                self.at = plain.end()
            sign = self.text[self.at : self.at + 1]
            if sign == '"':
                self.at += 1
                return "".join(parts)
            if not sign:
                raise self.fault("a text that begins here never ends", 'close it with  "', start)
            if sign != "\\":
                raise self.fault("a control character stands in a text", "write it as an escape:  \\n  \\t")
            parts.append(self.escape())

    def escape(self) -> str:
        letter = self.text[self.at + 1 : self.at + 2]
        if letter in _ESCAPES and letter:
            self.at += 2
            return _ESCAPES[letter]
        first = self.unit(self.at)
        if first == 0:
            raise self.fault("a text holds the character \\u0000", "leave it out")
        if not 0xD800 <= first <= 0xDFFF:
            self.at += 6
            return chr(first)
        second = self.unit(self.at + 6) if self.text[self.at + 6 : self.at + 8] == "\\u" else 0
        if first >= 0xDC00 or not 0xDC00 <= second <= 0xDFFF:
            raise self.fault("one half of a surrogate pair stands alone", "write the character itself in UTF-8")
        self.at += 12
        return chr(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))

    def unit(self, at: int) -> int:
        found = _HEX.match(self.text, at + 2) if self.text[at + 1 : at + 2] == "u" else None
        if found is None:
            raise self.fault("this escape does not exist", 'write one of  \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX', at)
        return int(found[0], 16)

    def word(self) -> Any:
        found = _WRITTEN.match(self.text, self.at)
        written = found[0] if found else ""
        if written in _WORDS:
            self.at += len(written)
            return _WORDS[written]
        if not written:
            raise self.fault("a value is missing here", "the text may be cut off: send the whole of it")
        if not _NUMBER.fullmatch(written):
            shown = written[:20]
            raise self.fault(f"`{shown}` is not a value of JSON", "texts stand in double quotes; NaN does not exist")
        if len(written) > _LONGEST_NUMBER:
            raise self.fault(f"a number of {len(written):,} signs", f"write at most {_LONGEST_NUMBER}")
        try:
            number = _number(written)
        except ValueError:
            raise self.fault(f"`{written}` is larger than any number", "write a smaller number") from None
        self.at += len(written)
        return number
