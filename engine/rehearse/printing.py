"""How a test that failed is told: the lines with their marks, the deciding line, and what to paste."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.happened import OUTSIDE, UNSENT
from engine.rehearse.compare import Line
from engine.rehearse.moments import write_moment
from engine.rehearse.script import Case, Expected, TestFile
from engine.rehearse.timeline import Entry

_TEXT_LINES = 12


@dataclass(frozen=True)
class Telling:
    """Writes one file's moments by the clocks that its author uses."""

    tests: TestFile
    case: Case

    def failure(self, lines: Sequence[Line], reasons: Sequence[str]) -> str:
        """Everything about one test that failed."""
        place = self.case.place
        out = [f"FAIL {place.file}:{place.line}  {self.case.name}"]
        out += self._table(lines)
        out += [f"  why: {reason}" for reason in reasons]
        out += self._texts(lines)
        out += ["  what happened, to paste:", *(f"  {line}" for line in self.paste(lines))]
        return "\n".join(out) + "\n"

    def _table(self, lines: Sequence[Line]) -> Iterator[str]:
        rows = [(line.mark, *self._row(line), line.note) for line in lines]
        widths = [max(len(row[column]) for row in rows) for column in range(1, 4)] if rows else []
        for mark, at, customer, what, note in rows:
            padded = f"{at:<{widths[0]}}  {customer:<{widths[1]}}  {what:<{widths[2]}}  {note}"
            yield f"{mark} {padded}".rstrip()

    def _row(self, line: Line) -> tuple[str, str, str]:
        one = line.expected or line.entry
        assert one is not None
        at = line.expected.at.written if line.expected is not None else self._at(line.at, one.customer)
        what = f"{one.word} {one.value}"
        if one.word in UNSENT and line.entry is not None:
            what += f" ({line.entry.message})"
        return at, one.customer, what

    def _at(self, instant: datetime, customer: str) -> str:
        zone = self.case.people[customer].zone
        default = zone if self.tests.by_customer else self.tests.zone
        return write_moment(instant, _one_of(zone, default, instant), default)

    def _texts(self, lines: Sequence[Line]) -> Iterator[str]:
        """The mail whose words are not as expected."""
        for line in lines:
            entry = line.entry
            if line.note == "happened so" and entry is not None and entry.text is not None:
                body = [one for one in entry.text.body.splitlines() if one.strip()]
                yield f"  the mail `{entry.value}` in `{entry.language}`:"
                yield f"    | {entry.text.subject}"
                yield from (f"    | {one}" for one in body[:_TEXT_LINES])
                if len(body) > _TEXT_LINES:
                    yield "    | …"

    def paste(self, lines: Sequence[Line]) -> list[str]:
        """The `expect` that would have passed; what was said of languages and words stays where it was right."""
        kept = [line for line in lines if line.entry is not None and (line.expected or line.entry.word in OUTSIDE)]
        if not kept:
            return ["  expect: nothing"]
        return ["  expect:", *(f"    - {self._item(line)}" for line in kept)]

    def _item(self, line: Line) -> str:
        entry, expected = line.entry, line.expected
        assert entry is not None
        at = expected.at.written if expected is not None else self._at(entry.at, entry.customer)
        keys = {"at": at, "customer": entry.customer, **_said(entry, expected)}
        return "{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"


def _said(entry: Entry, expected: Expected | None) -> dict[str, str]:
    said = {entry.word: _flow(entry.value)}
    if entry.word in UNSENT and entry.message is not None:
        said = {entry.channel or "email": entry.message, **said}
    if expected is None:
        return said
    whom = "to" if entry.word == "notify" else "for"
    for key, value in (("language", expected.language), ("subject", expected.subject), (whom, expected.assignee)):
        if value is not None:
            said[key] = _flow(value)
    for key, words in (("says", expected.says), ("never_says", expected.never_says)):
        if words:
            said[key] = "[" + ", ".join(_flow(word) for word in words) + "]"
    return said


def _flow(text: str) -> str:
    """A text inside `{…}`, quoted where YAML would read something else."""
    special = any(one in text for one in ",[]{}'\"") or ": " in text or " #" in text or text.endswith(":")
    if special or not text or text[0] in "!&*|>%@`-?:# " or text != text.strip():
        return "'" + text.replace("'", "''") + "'"
    return text


def _one_of(zone: ZoneInfo, default: ZoneInfo, instant: datetime) -> ZoneInfo:
    """The customer's own zone, unless its clocks show the same as those of the file."""
    same = instant.astimezone(zone).replace(tzinfo=None) == instant.astimezone(default).replace(tzinfo=None)
    return default if same else zone
