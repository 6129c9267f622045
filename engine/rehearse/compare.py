"""What was expected beside what happened, line by line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.happened import OUTSIDE, UNSENT
from engine.rehearse.script import Expected
from engine.rehearse.timeline import Entry

Mark = Literal[" ", "-", "+"]


@dataclass(frozen=True)
class Line:
    """One line: as expected (` `), expected in vain (`-`), or not expected (`+`)."""

    mark: Mark
    expected: Expected | None
    entry: Entry | None
    note: str = ""

    @property
    def at(self) -> datetime:
        """When it happened, or should have."""
        if self.entry is not None:
            return self.entry.at
        assert self.expected is not None
        return self.expected.at.instant

    @property
    def what(self) -> tuple[str, str, str]:
        """To whom, and what."""
        one = self.entry or self.expected
        assert one is not None
        return one.customer, one.word, one.value


def compare(expected: Sequence[Expected], entries: Sequence[Entry]) -> list[Line]:
    """Every line, in order of time. What happens beside the outside world need not be expected."""
    rest = list(entries)
    lines: list[Line] = []
    for one in expected:
        met = [entry for entry in rest if _same(one, entry)]
        right = next((entry for entry in met if not list(_complaints(one, entry))), None)
        if right is not None:
            rest.remove(right)
            lines.append(Line(" ", one, right, "ok"))
        elif met:
            rest.remove(met[0])
            lines.append(Line("-", one, None, "; ".join(_complaints(one, met[0]))))
            lines.append(Line("+", None, met[0], "happened so"))
        else:
            lines.append(Line("-", one, None, "expected, did not happen"))
    for entry in rest:
        outside = entry.word in (*OUTSIDE, "failed")
        lines.append(Line("+", None, entry, "happened, not expected") if outside else Line(" ", None, entry))
    order = {id(line): number for number, line in enumerate(lines)}
    return sorted(lines, key=lambda line: (line.at, _step(line, entries), line.mark != "-", order[id(line)]))


def _step(line: Line, entries: Sequence[Entry]) -> int:
    """Where it stands among what happened at the same instant."""
    if line.entry is not None:
        return next(number for number, entry in enumerate(entries) if entry is line.entry)
    return len(entries)


def _same(expected: Expected, entry: Entry) -> bool:
    if (expected.customer, expected.word) != (entry.customer, entry.word) or not expected.at.holds(entry.at):
        return False
    if expected.word in UNSENT and expected.message is not None and expected.message != entry.message:
        return False
    return expected.value == entry.value


def _complaints(expected: Expected, entry: Entry) -> Iterator[str]:
    if expected.language is not None and expected.language != entry.language:
        yield f"it is in `{entry.language}`"
    if expected.assignee is not None and expected.assignee != entry.assignee:
        yield f"it is for `{entry.assignee}`" if entry.assignee else "it is for nobody"
    text = entry.text
    if text is None:
        return
    if expected.subject is not None and expected.subject != text.subject:
        yield f"its subject is `{text.subject}`"
    yield from (f"it does not say `{words}`" for words in expected.says if not text.says(words))
    yield from (f"it says `{words}`" for words in expected.never_says if text.says(words))
