"""A message in one language, as its author wrote it: the words of each channel, with the place of every part."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePosixPath

from babel import Locale, UnknownLocaleError

from engine.source.problem import Place, Problem

_FENCE = "---"
_KEYS = ("subject", "preheader", "sms", "chat")
_LARGEST = 100_000
#: A text all in the marks that YAML would take off; here every line is taken as it is.
_QUOTED = re.compile(r"""("[^"]*"|'[^']*')""")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class Part:
    """A text of a message, and where in the file it begins."""

    text: str
    line: int
    column: int = 1


@dataclass(frozen=True)
class Message:
    """`messages/<id>/<language>.md`: front matter and a body in Markdown with Jinja. It may speak on some channels only."""

    id: str
    language: str
    file: str
    subject: Part | None = None
    body: Part | None = None
    preheader: Part | None = None
    sms: Part | None = None
    chat: Part | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything in which a variable can stand, in the order of the file."""
        return _in_order(self.subject, self.preheader, self.sms, self.chat, self.body)

    def parts_of(self, channel: str) -> tuple[Part, ...]:
        """What of it goes out by a channel, in the order of the file; nothing where it has no words for it."""
        if channel == "email":
            whole = self.subject is not None and self.body is not None
            return _in_order(self.subject, self.preheader, self.body) if whole else ()
        if channel == "sms":
            return _in_order(self.sms)
        return _in_order(self.chat or self.body)

    def speaks(self, channel: str) -> bool:
        """Whether it has words for a channel."""
        return bool(self.parts_of(channel))


def _in_order(*parts: Part | None) -> tuple[Part, ...]:
    return tuple(sorted((part for part in parts if part is not None), key=lambda part: part.line))


def parse_message(file: str, text: str | bytes) -> Message | list[Problem]:
    """Reads a message file, or says everything that is wrong with its form.

    Front matter stands between two lines `---`; each of its lines is `key: the rest of the line`, taken as it is,
    so a colon or a quotation mark in a subject needs no care.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            return [Problem(Place(file, line, 1), "not-utf-8", "the file is not UTF-8", ("save it as UTF-8",))]
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    flawed = _flawed_file(file, text, lines)
    if flawed:
        return [flawed]
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), 0)
    if not end:
        help_ = "close it with a second line  ---  before the text begins"
        return [Problem(Place(file, 1, 1, 3), "unclosed-front-matter", "the front matter is never closed", (help_,))]
    parts, problems = _front_matter(file, lines[1:end])
    body = "\n".join(lines[end + 1 :])
    if not body.strip() and ("subject" in parts or not parts):
        problems.append(Problem(Place(file, end + 1, 1, 3), "empty-message", "there is no text below the front matter"))
    path = PurePosixPath(file)
    written = Part(body, end + 2) if body.strip() else None
    return problems or Message(path.parent.name, path.stem, file, body=written, **parts)


def _flawed_file(file: str, text: str, lines: list[str]) -> Problem | None:
    """What makes the whole file unreadable; then nothing else is worth saying."""
    first = Place(file, 1, 1, max(1, len(lines[0])))
    if not is_language(PurePosixPath(file).stem):
        name = PurePosixPath(file).name
        help_ = "name the file like  en.md  or  zh-CN.md"
        return Problem(first, "not-a-language", f"`{name}` names no language", (help_,))
    if len(text) > _LARGEST:
        return Problem(first, "too-large", f"a message has at most {_LARGEST:,} characters; this one has {len(text):,}")
    for number, line in enumerate(lines, 1):
        if found := _CONTROL.search(line):
            said = f"there is a control character U+{ord(found[0]):04X}"
            return Problem(Place(file, number, found.start() + 1), "control-character", said)
    if lines[0].rstrip() != _FENCE:
        return Problem(
            first,
            "no-front-matter",
            "a message begins with its front matter",
            ("write three lines above the text:  ---  and  subject: …  and  ---",),
        )
    return None


def is_language(tag: str) -> bool:
    """Whether a text names a language, as `en` and `zh-CN` do."""
    if not _LANGUAGE.fullmatch(tag):
        return False
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return False
    return True


def _front_matter(file: str, lines: list[str]) -> tuple[dict[str, Part], list[Problem]]:
    parts: dict[str, Part] = {}
    problems: list[Problem] = []
    misspelt = False
    for number, line in enumerate(lines, 2):
        if not line.strip() or line.startswith("#"):
            continue
        key, colon, rest = line.partition(":")
        key = key.rstrip()
        place = Place(file, number, 1, max(1, len(key)))
        if not colon or not key or key != key.lstrip():
            write = ("write  key: text  on one line",)
            problems.append(Problem(place, "not-a-key", "this line of the front matter has no key", write))
        elif key not in _KEYS:
            problem = _unknown_key(place, key)
            misspelt = misspelt or "did you mean `subject`?" in problem.helps
            problems.append(problem)
        elif key in parts:
            before = Place(file, parts[key].line, 1, len(key))
            problems.append(Problem(place, "duplicate-key", f"`{key}` is written twice", second=(before, "first here")))
        elif not rest.strip():
            problems.append(Problem(place, "empty-value", f"`{key}` is empty"))
            parts[key] = Part("", number)
        elif _QUOTED.fullmatch(rest.strip()):
            advice = "leave them out: a colon or a mark in the text needs no care; marks to be read are  “…”  or  «…»"
            problems.append(
                Problem(place, "quoted", f"the quotation marks around `{key}` would be sent too", (advice,))
            )
            parts[key] = Part("", number)
        else:
            parts[key] = Part(rest.strip(), number, len(line) - len(rest.lstrip()) + 1)
    if not misspelt and not any(key in parts for key in ("subject", "sms", "chat")):
        write = ("add a line  subject: …  to the front matter; for other channels than mail  sms: …  or  chat: …",)
        problems.append(Problem(Place(file, 1, 1, 3), "missing-subject", "the message has no subject", write))
    return parts, problems


def _unknown_key(place: Place, key: str) -> Problem:
    near = get_close_matches(key, _KEYS, 1)
    help_ = f"did you mean `{near[0]}`?" if near else "allowed here:  " + ", ".join(_KEYS)
    return Problem(place, "unknown-key", f"a message has no key `{key}`", (help_,))
