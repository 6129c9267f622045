"""What authors get wrong in YAML itself, in words for them."""

import re
from typing import Any

import yaml

from engine.source.problem import Place, Problem
from engine.source.span import line_starts, lines, span

#: Characters that an escape can write, but that no database and no mail can carry.
INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CLOSING = {"{": "}", "[": "]"}
_BRACES = re.compile(r"\{\{.*?\}\}|\{\{.*")
_OTHER_COLON = re.compile(r"\s*(?:- )?([A-Za-z_][\w-]*)\s*([：﹕꞉])\s*(.*)$")
_GLUED = "this `-` is indented deeper than the one above, so YAML glued both lines into one text"
#: How a file may begin, by its place in a workspace.
_FIRST = {
    "segments/": "segment: vip",
    "settings/series": "care-tips: [care-storing, care-teapot]",
    "settings/vouchers": "10-percent-off:",
    "settings/holiday": "founders-day:",
    "settings/catalogue": "customer:",
    "settings/": "brand:",
}
_WITHOUT = "write the value out; what several files share belongs in segments/ or settings/"


def too_large(file: str, limit: int) -> Problem:
    """The file is over the cap."""
    return Problem(
        Place(file, 1, 1),
        "too-large",
        f"this file is larger than {limit // 1024} KiB",
        ("split it into several files",),
    )


def too_deep(place: Place, limit: int) -> Problem:
    """Lists and keys are nested beyond the cap."""
    return Problem(
        place, "too-deep", f"this is nested deeper than {limit} levels", ("move a part of it into a segment",)
    )


def too_many(place: Place, limit: int) -> Problem:
    """The file holds more values than the cap."""
    return Problem(place, "too-large", f"this file has more than {limit:,} values", ("split it into several files",))


def undecodable(file: str, content: bytes, position: int) -> Problem:
    """The bytes are no UTF-8."""
    line = content.count(b"\n", 0, position) + 1
    column = position - content.rfind(b"\n", 0, position)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Problem(Place(file, 1, 1), "encoding", "this file is written in UTF-16", ("save it as UTF-8",))
    text = f"byte 0x{content[position]:02x} is not UTF-8"
    return Problem(Place(file, line, column), "encoding", text, ("save the file as UTF-8",))


def not_a_mapping(file: str, root: Any, documents: int) -> Problem:
    """The file is empty, or one text, or a list."""
    found = "this file is empty" if not documents or root is None else "this file must begin with a key"
    begin = next((line for part, line in _FIRST.items() if part in file), "playbook: win-back")
    return Problem(Place(file, 1, 1), "empty-file", found, (f"begin with a line such as  {begin}",))


def second_document(place: Place) -> Problem:
    """`---` begins a second document."""
    return Problem(
        place, "second-document", "`---` begins a second document; a file holds one", ("put it into a file of its own",)
    )


def directive_written(place: Place) -> Problem:
    """`%YAML` or `%TAG`."""
    return Problem(place, "directive", "lines that begin with `%` are not used here", ("delete the line",))


def tag_written(place: Place, tag: str) -> Problem:
    """`!secret`, `!!python/object` and the like."""
    written = tag.replace("tag:yaml.org,2002:", "!!")
    return Problem(
        place,
        "tag",
        f"`{written}` is a YAML tag; tags are not used here",
        ("put the text in quotes if it begins with `!`",),
    )


def anchor_written(place: Place, name: str) -> Problem:
    """`&name`."""
    return Problem(place, "anchor", f"`&{name}` is a YAML anchor; anchors are not used here", (_WITHOUT,))


def alias_written(place: Place, name: str) -> Problem:
    """`*name`."""
    return Problem(place, "alias", f"`*{name}` refers to a YAML anchor; anchors are not used here", (_WITHOUT,))


def merge_key(place: Place) -> Problem:
    """`<<:`."""
    return Problem(place, "merge-key", "`<<` merges keys of another place; that is not used here", (_WITHOUT,))


def duplicate_key(place: Place, key: str, part: str, first: Place) -> Problem:
    """A key stands twice in one mapping."""
    where = part if part == "here" else f"in this {part}"
    return Problem(
        place,
        "duplicate-key",
        f"`{key}` is written twice {where}",
        ("keep one; YAML would silently use the last",),
        (first, "first written here"),
    )


def key_not_a_text(file: str, text: str, around: int, place: Place) -> Problem:
    """A key is a list or a mapping: nearly always `{{ }}` without quotes."""
    for start in (around, span_start(text, place)):
        found = _BRACES.match(text, start)
        if found:
            return braces(file, text, start, found.end())
    return Problem(place, "key", "a key must be a word", ("write the key as one word, then `: ` and its value",))


def span_start(text: str, place: Place) -> int:
    """The offset of a place."""
    return line_starts(text)[place.line - 1] + place.column - 1


def braces(file: str, text: str, start: int, end: int) -> Problem:
    """`{{ }}` stands in a file where conditions are written without it."""
    place = span(file, text, start, end)
    line = lines(text)[place.line - 1]
    begin = place.column - 1
    without = re.sub(r"\{\{\s*(.*?)\s*(?:\}\}|$)", r"\1", line[begin:])
    return Problem(
        place,
        "template-in-playbook",
        "`{{ }}` belongs in message texts; a condition is written without it",
        (f"write:  {(line[:begin] + without).strip()}",),
    )


def glued(file: str, text: str, start: int, end: int, column: int | None) -> list[Problem]:
    """A plain value that runs over lines, one of which begins with `- `: an indentation that went wrong."""
    found: list[Problem] = []
    for dash in re.finditer(r"(?<=[\r\n])[ ]*(-)[ ]", text[start:end]):
        at = start + dash.start(1)
        place = span(file, text, at, at + 1)
        helps = (f"move it left to column {column}",) if column and column < place.column else ()
        found.append(Problem(place, "indentation", _GLUED, helps))
    return found


def unreadable(file: str, text: str, error: yaml.YAMLError) -> Problem:
    """What the parser refuses, as near to the author's mistake as its words allow."""
    if isinstance(error, yaml.reader.ReaderError):
        return _character(file, text, error.position)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = min(mark.index if mark else 0, len(text))
    place = span(file, text, at, at + 1)
    line = lines(text)[place.line - 1]
    brace = _BRACES.search(line)
    if brace:
        start = line_starts(text)[place.line - 1]
        return braces(file, text, start + brace.start(), start + brace.end())
    words = str(getattr(error, "problem", "") or "")
    if text[at : at + 1] == "\t" or "'\\t'" in words:
        return Problem(place, "tab", "a tab stands where YAML needs blanks", ("indent with blanks",))
    if words.startswith("mapping values are not allowed"):
        return _other_colon(file, text, place.line) or _colon(place, line)
    unclosed = _open(file, text, error, place, line)
    if unclosed is not None:
        return unclosed
    if words.startswith("found character"):
        text_ = f"a text cannot begin with `{text[at : at + 1]}`"
        return Problem(place, "yaml", text_, ("put the text in quotes",))
    return _other_colon(file, text, place.line) or _structure(place, line)


def _open(file: str, text: str, error: yaml.YAMLError, place: Place, line: str) -> Problem | None:
    """Quotes and brackets that are not closed, or closed too early."""
    if "quoted scalar" in str(getattr(error, "context", "")):
        helps = ("close the quotes, or put a text with quotes inside into the other kind of quotes",)
        return Problem(place, "yaml", "these quotes are not closed, or text follows after them", helps)
    after = re.match(r"""[^#"']*:[ ]+(["']).*?\1[ ]*(?=[^ #,}\]])""", line)
    if after and after.end() == place.column - 1:
        other = "'" if after[1] == '"' else '"'
        helps = (f"put the whole text in {other}quotes{other}, or leave the inner ones out",)
        return Problem(place, "yaml", "text follows after the closing quotes", helps)
    if str(getattr(error, "problem", "")).startswith("expected ',' or") and (
        begun := getattr(error, "context_mark", None)
    ):
        at = span(file, text, begun.index, begun.index + 1)
        sign = text[begun.index : begun.index + 1]
        return Problem(at, "yaml", f"this `{sign}` is not closed", (f"close it with `{_CLOSING.get(sign, sign)}`",))
    return None


def _other_colon(file: str, text: str, number: int) -> Problem | None:
    """The colon of another script after a key, on that line or the one above; YAML knows only its own."""
    for at in (number, number - 1):
        found = _OTHER_COLON.match(lines(text)[at - 1]) if at else None
        if found is not None:
            place = Place(file, at, found.start(2) + 1)
            return Problem(
                place, "yaml-colon", f"`{found[2]}` is not the colon of YAML", (f"write:  {found[1]}: {found[3]}",)
            )
    return None


def invisible(place: Place, character: str) -> Problem:
    """A control character, or half of one, as such or written as an escape."""
    name = "NUL" if character == "\0" else f"U+{ord(character):04X}"
    return Problem(place, "character", f"the invisible character {name} cannot stand here", ("delete it",))


def _structure(place: Place, line: str) -> Problem:
    helps = ("check the indentation: keys of one block stand in one column", "put texts with special signs in quotes")
    return Problem(
        place, "yaml", "this does not fit what stands above it" if line.strip() else "something is not closed", helps
    )


def _character(file: str, text: str, position: int) -> Problem:
    return invisible(span(file, text, position, position + 1), text[position])


def _colon(place: Place, line: str) -> Problem:
    before = line[: place.column - 1]
    if before.lstrip().startswith("- ") and ": " not in before:
        return Problem(Place(place.file, place.line, len(before) - len(before.lstrip()) + 1), "indentation", _GLUED)
    found = re.match(r"\s*(?:- )*([^\s:]+): +(.*)$", line)
    if found is None or found.start(2) >= place.column:
        column = len(line) - len(line.lstrip()) + 1
        text = "this line is indented deeper than the one above, so YAML takes it for a part of that text"
        return Problem(
            Place(place.file, place.line, column), "indentation", text, ("align it with the key it belongs to",)
        )
    quoted = found[2].rstrip().replace('"', '\\"')
    return Problem(
        place,
        "yaml-colon",
        "this text contains `: `, which YAML reads as a new key",
        (
            f'put the text in quotes:  {found[1]}: "{quoted}"',
            "or move it to messages/, where no quoting is needed",
        ),
    )
