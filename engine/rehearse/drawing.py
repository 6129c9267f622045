"""A test drawn as a story: what the customer did on one side of a line of time, and on it what arrived."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_currency, get_currency_precision

from engine.catalogue import Catalogue, Type
from engine.happened import MESSAGES
from engine.rehearse.script import Case, Happening
from engine.rehearse.timeline import Entry

_WIDTH, _LINE_X, _CARD_X, _PAD = 760, 178, 204, 12
_CARD_WIDTH = _WIDTH - _CARD_X - 16
_LEADING, _SIZE = 19, 14
#: Columns of a card's text; a Chinese or Korean character takes two.
_COLUMNS = 72
_TITLE_COLUMNS = 70
_BODY_LINES = 7
_FONT = "Helvetica, Arial, 'Noto Sans CJK SC', 'Noto Sans CJK KR', sans-serif"
_INK, _SOFT, _LINE, _MAIL, _SLIP = "#1f2933", "#66727f", "#c5ccd3", "#f4f7fb", "#fdf6e3"


@dataclass(frozen=True)
class _Item:
    """One thing on the line: when, what, and the lines that are told of it."""

    at: datetime
    head: str
    body: tuple[str, ...] = ()
    fill: str | None = None  # None: the customer's own doing, which has no card
    dashed: bool = False

    @property
    def height(self) -> int:
        lines = (1 if self.head else 0) + len(self.body)
        return lines * _LEADING + (2 * _PAD if self.fill else 6)


@dataclass(frozen=True)
class Drawing:
    """Draws one test of a playbook, of one customer."""

    title: str
    case: Case
    entries: Sequence[Entry]
    catalogue: Catalogue
    currency: str

    def svg(self, customer: str) -> str:
        """The picture, as SVG. Times are those of the customer's own clocks."""
        zone = self.case.people[customer].zone
        items = sorted(self._items(customer), key=lambda item: item.at)
        titles = list(_wrap(self.title, _TITLE_COLUMNS))
        parts = [_text(16, 30 + 24 * row, line, size=19, weight="bold") for row, line in enumerate(titles)]
        y = top = 64 + 24 * len(titles)
        parts.append(_text(16, top - 34, self.case.name, fill=_SOFT))
        bottom = y
        for number, item in enumerate(items):
            before = items[number - 1] if number else None
            if before is not None and item.at - before.at >= timedelta(days=2):
                parts.append(_text(_CARD_X, y + 14, _later(before.at, item.at, zone), fill=_SOFT, style="italic"))
                y += 34
            parts += _drawn(item, y, zone, same=before is not None and before.at == item.at)
            bottom = y + 16
            y += item.height + 14
        line = f'<line x1="{_LINE_X}" y1="{top}" x2="{_LINE_X}" y2="{bottom}" stroke="{_LINE}" stroke-width="2"/>'
        return _frame(y + 4, [line, *parts])

    def _items(self, customer: str) -> Iterator[_Item]:
        for one in self.case.happenings:
            if one.customer == customer and one.at <= self.case.until:
                yield _Item(one.at, self._did(one))
        for entry in self.entries:
            if entry.customer == customer:
                yield _arrived(entry)

    def _did(self, one: Happening) -> str:
        """What the customer or the shop's people did, in the words of the test."""
        if one.said is not None:
            return f"{one.said[0]}: {one.said[1]}"
        if one.record is not None:
            kind, row = one.record
            return f"{one.customer}: {kind} ({', '.join(f'{name} {value}' for name, value in row.items())})"
        if one.event is None:
            changed = ", ".join(f"{name} = {value}" for name, value in one.row.items())
            return f"{one.customer}: {changed or f'loses {one.untag}'}"
        fields = self.catalogue.events[one.event].fields
        said = ", ".join(
            f"{name} {self._value(fields[name].type, value)}" for name, value in one.payload.items() if name in fields
        )
        if one.result is not None:
            said = f"{said}, {one.result[1]}".removeprefix(", ")
        return f"{one.customer}: {one.event}" + (f" ({said})" if said else "")

    def _value(self, kind: Type, value: Any) -> str:
        if kind is not Type.MONEY:
            return str(value)
        amount = Decimal(value).scaleb(-get_currency_precision(self.currency))
        return format_currency(amount, self.currency, locale="en")


def _arrived(entry: Entry) -> _Item:
    """What the playbook did, as the customer or the shop's people see it."""
    if entry.word in MESSAGES and entry.text is not None:
        head = f"{entry.word}: {entry.text.subject or entry.value}"
        said = [line.strip() for line in entry.text.body.splitlines() if line.strip()]
        said = said[: next((number for number, line in enumerate(said) if line.startswith("--")), len(said))]
        wrapped = [line for paragraph in said for line in _wrap(paragraph)]
        more = ("…",) if len(wrapped) > _BODY_LINES else ()
        return _Item(entry.at, head, (*wrapped[:_BODY_LINES], *more), _MAIL)
    beside = f" for {entry.assignee}" if entry.assignee else ""
    return _Item(entry.at, f"{entry.word}: {entry.value}{beside}", (), _SLIP, dashed=entry.word == "voucher")


def _drawn(item: _Item, y: int, zone: ZoneInfo, *, same: bool) -> Iterator[str]:
    ours = item.fill is not None
    if not same:
        local = item.at.astimezone(zone)
        yield _text(16, y + 15, format_datetime(local, "EEE d MMM yyyy", locale="en"), weight="bold")
        yield _text(16, y + 15 + _LEADING, format_datetime(local, "HH:mm", locale="en"), fill=_SOFT)
    yield (
        f'<circle cx="{_LINE_X}" cy="{y + 11}" r="6" fill="{"#2f6f4f" if ours else "#ffffff"}" '
        f'stroke="#2f6f4f" stroke-width="2"/>'
    )
    if ours:
        dash = ' stroke-dasharray="6 4"' if item.dashed else ""
        yield (
            f'<rect x="{_CARD_X}" y="{y - 6}" width="{_CARD_WIDTH}" height="{item.height}" rx="8" '
            f'fill="{item.fill}" stroke="{_LINE}"{dash}/>'
        )
    x, at = _CARD_X + (_PAD if ours else 0), y + 15 + (_PAD - 8 if ours else 0)
    yield _text(x, at, item.head, weight="bold" if ours else "normal", style="normal" if ours else "italic")
    for number, line in enumerate(item.body, 1):
        yield _text(x, at + number * _LEADING, line)


def _later(before: datetime, at: datetime, zone: ZoneInfo) -> str:
    days = (at.astimezone(zone).date() - before.astimezone(zone).date()).days
    return f"{days} days later"


def _wrap(paragraph: str, columns: int = _COLUMNS) -> Iterator[str]:
    """Lines that fit on a card; where a word is longer than a line, or the script has no spaces, between characters."""
    line = ""
    for word in _words(paragraph):
        if line and _columns(line + word.rstrip()) > columns:
            yield line.rstrip()
            line = ""
        line += word
    if line.strip():
        yield line.rstrip()


def _words(paragraph: str) -> Iterable[str]:
    """Pieces between which a line may break, each with the space that follows it."""
    piece = ""
    for character in paragraph:
        piece += character
        if character == " " or _columns(character) == 2 or len(piece) == _COLUMNS:
            yield piece
            piece = ""
    yield piece


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _text(x: int, y: int, words: str, **look: Any) -> str:
    size, fill = look.get("size", _SIZE), look.get("fill", _INK)
    styled = f'font-weight="{look.get("weight", "normal")}" font-style="{look.get("style", "normal")}"'
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}" {styled}>{escape(words)}</text>'


def _frame(height: int, parts: Iterable[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="{escape(_FONT)}" role="img">'
    )
    paper = f'<rect width="{_WIDTH}" height="{height}" rx="10" fill="#ffffff" stroke="{_LINE}"/>'
    return "\n".join([head, paper, *parts, "</svg>"]) + "\n"
