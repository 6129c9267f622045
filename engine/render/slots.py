"""Slots: stand-ins for values that pass through Markdown, layout and CSS, and are filled afterwards."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal
from urllib.parse import quote

#: A slot is letters and digits only: Markdown takes it for a word, HTML and URLs let it pass. Such a word does not
#: occur in what people write; a message in which it does is refused.
SLOT = re.compile(r"zq(\d{1,6})jz")

#: A literal text with this in it could become a slot when the expressions around it are gone.
RESERVED = re.compile(r"zq\d")

_SCHEME = re.compile(r"(?:https?://|mailto:|tel:)[^\s]", re.IGNORECASE)
_TAG = re.compile(r"<[A-Za-z](?:\"[^\"]*\"|[^\">])*>")
_ADDRESS = re.compile(r"\b(?:href|src)=\"([^\"]*)\"")

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
        out = [self.fixed[0]]
        for number, kind, after in zip(self.numbers, self.kinds, self.fixed[1:], strict=True):
            out += (_AS_HTML[kind](values[number]), after)
        return "".join(out)

    def fill_text(self, values: Sequence[str]) -> str:
        """The text with every value as it is."""
        out = [self.fixed[0]]
        for number, after in zip(self.numbers, self.fixed[1:], strict=True):
            out += (values[number], after)
        return "".join(out)


def shape_of(text: str) -> Shape:
    """Splits a text at its slots; where an address begins with one, its value has to bring the scheme."""
    pieces = SLOT.split(text)
    links: dict[int, Kind] = {}
    for tag in _TAG.finditer(text):
        for address in _ADDRESS.finditer(text, *tag.span()):
            for found in SLOT.finditer(text, *address.span(1)):
                links[found.start()] = "link" if found.start() == address.start(1) else "piece of a link"
    kinds = tuple(links.get(found.start(), "text") for found in SLOT.finditer(text))
    return Shape(tuple(pieces[::2]), tuple(int(number) for number in pieces[1::2]), kinds)


def _link(value: str) -> str:
    if not _SCHEME.match(value):
        begin = "it must begin with  https://  http://  mailto:  or  tel:"
        raise BadLink(f"`{value[:80]}` is not an address for a link; {begin}")
    return escape(quote(value, safe="%/:=&?~#+!$,;'@()*[]"))


def _piece(value: str) -> str:
    return quote(value, safe="/")


_AS_HTML: dict[Kind, Callable[[str], str]] = {"text": escape, "link": _link, "piece of a link": _piece}
