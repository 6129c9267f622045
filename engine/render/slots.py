"""Slots: stand-ins for values that pass through Markdown, layout and CSS, and are filled afterwards."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal
from urllib.parse import quote

#: A slot is letters and digits only: Markdown takes it for a word, HTML and URLs let it pass. `q` and `j` in this
#: order with a number between do not occur in written text; `compile_message` refuses a text where they do.
SLOT = re.compile(r"zq(\d{1,6})jz")

_SCHEME = re.compile(r"(?:https?://|mailto:|tel:)[^\s]", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?:href|src)=\"([^\"]*)\Z")

Kind = Literal["text", "link", "piece of a link"]


def slot(number: int) -> str:
    """The stand-in for the value with that number."""
    return f"zq{number}jz"


def is_link(address: str) -> bool:
    """Whether a mail may link there: a web page, a mail address, a telephone, or an address that is a value."""
    return bool(_SCHEME.match(address) or SLOT.match(address))


class BadLink(ValueError):
    """A value that is no address of a web page, mail or telephone stands where a link begins."""


@dataclass(frozen=True)
class Shape:
    """A text with its slots: `fixed[0] value fixed[1] value … fixed[n]`."""

    fixed: tuple[str, ...]
    numbers: tuple[int, ...]
    kinds: tuple[Kind, ...]

    def fill_html(self, values: Sequence[str]) -> str:
        """The HTML with every value escaped for the place where it stands. Raises `BadLink`."""
        return self._fill(_AS_HTML, values)

    def fill_text(self, values: Sequence[str]) -> str:
        """The text with every value as it is."""
        out = [self.fixed[0]]
        for number, after in zip(self.numbers, self.fixed[1:], strict=True):
            out += (values[number], after)
        return "".join(out)

    def _fill(self, ways: dict[Kind, Callable[[str], str]], values: Sequence[str]) -> str:
        out = [self.fixed[0]]
        for number, kind, after in zip(self.numbers, self.kinds, self.fixed[1:], strict=True):
            out += (ways[kind](values[number]), after)
        return "".join(out)


def shape_of(text: str) -> Shape:
    """Splits a text at its slots; where an address begins with one, its value has to bring the scheme."""
    pieces = SLOT.split(text)
    kinds: list[Kind] = []
    for found in SLOT.finditer(text):
        attribute = _ATTRIBUTE.search(text, text.rfind("<", 0, found.start()) + 1, found.start())
        kinds.append("text" if attribute is None else "piece of a link" if attribute[1] else "link")
    return Shape(tuple(pieces[::2]), tuple(int(number) for number in pieces[1::2]), tuple(kinds))


def _link(value: str) -> str:
    if not _SCHEME.match(value):
        begin = "it must begin with  https://  http://  mailto:  or  tel:"
        raise BadLink(f"`{value[:80]}` is not an address for a link; {begin}")
    return escape(quote(value, safe="%/:=&?~#+!$,;'@()*[]"))


def _piece(value: str) -> str:
    return quote(value, safe="/")


_AS_HTML: dict[Kind, Callable[[str], str]] = {"text": escape, "link": _link, "piece of a link": _piece}
