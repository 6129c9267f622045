"""Problems on a terminal: place, rule and words, the line with a caret under the exact words, and what to type."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from engine.source.problem import Place, Problem
from engine.source.span import lines

_LONG = 100
#: What stands behind a key of such a name, unless it names an environment variable.
_SECRET = re.compile(
    r"((?:^|[\s{,\"'-])[\w-]*(?i:password|passwd|secret|token|api[_-]?key|private[_-]?key)[\w-]*[\"']?\s*:\s+)"
    r"(?![A-Z][A-Z0-9_]*(?:[\s,}]|$))([^\s{\[&*][^,}]*)"
)


def print_problems(problems: Iterable[Problem], texts: Mapping[str, str]) -> str:
    """All problems, sorted by place, with their lines out of `texts` (file name to text)."""
    return "\n".join(_one(problem, texts) for problem in sorted(problems, key=lambda problem: problem.place))


def _one(problem: Problem, texts: Mapping[str, str]) -> str:
    place = problem.place
    out = [f"{place.file}:{place.line}:{place.column}: {problem.severity}[{problem.rule}]: {problem.text}"]
    second = problem.second if problem.second and problem.second[0].line else None
    near = second is not None and second[0].file == place.file
    gutter = max(len(str(place.line)), len(str(second[0].line)) if second and near else 0)
    blank = " " * gutter
    out += _excerpt(place, _masked(place, texts) if problem.rule == "secret-in-file" else texts, gutter)
    if second is not None:
        out += _second(second[0], second[1], texts, gutter, near)
    out += [f"{blank} = help: {text}" for text in problem.helps]
    out += [f"{blank} = note: {text}" for text in problem.notes]
    return "\n".join(out) + "\n"


def _excerpt(place: Place, texts: Mapping[str, str], gutter: int) -> list[str]:
    line = _line(texts, place)
    if line is None:
        return []
    blank, begin = (
        " " * gutter,
        max(0, place.column - _LONG),
    )  # a line of thousands of characters is cut around the place
    shown = line[begin : begin + 2 * _LONG]
    near = Place(place.file, place.line, place.column - begin, place.width)
    caret = "^" * _width(shown[near.column - 1 :][: near.width])
    return [f"{blank} |", f"{place.line:>{gutter}} | {_shown(shown)}", f"{blank} | {_indent(shown, near)}{caret}"]


def _masked(place: Place, texts: Mapping[str, str]) -> Mapping[str, str]:
    """The file with a secret made unreadable: what is printed ends up in the logs of a CI."""
    written = lines(texts[place.file]) if place.file in texts else []
    if place.line <= len(written):
        line, start = written[place.line - 1], place.column - 1
        written[place.line - 1] = line[:start] + "*" * place.width + line[start + place.width :]
    return {place.file: "\n".join(written)}


def _second(place: Place, label: str, texts: Mapping[str, str], gutter: int, near: bool) -> list[str]:
    line = _line(texts, place)
    if not near or line is None:
        return [f"{' ' * gutter} = note: {label}: {place.file}:{place.line}:{place.column}"]
    return [f"{place.line:>{gutter}} | {_shown(line)}", f"{' ' * gutter} | {_indent(line, place)}- {label}"]


def _line(texts: Mapping[str, str], place: Place) -> str | None:
    known = lines(texts[place.file]) if place.file in texts else []
    return known[place.line - 1] if 0 < place.line <= len(known) and known[place.line - 1].strip() else None


def _shown(line: str) -> str:
    line = _SECRET.sub(lambda found: found[1] + "*" * len(found[2]), line)
    return "".join(
        " " if character == "\t" or not character.isprintable() else character for character in line
    ).rstrip()


def _indent(line: str, place: Place) -> str:
    before = line[: place.column - 1]
    return " " * (_cells(before) + place.column - 1 - len(before))


def _cells(text: str) -> int:
    return sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _width(text: str) -> int:
    return max(1, _cells(text))
