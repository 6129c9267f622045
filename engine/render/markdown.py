"""Markdown to HTML and to readable text. Values are not in it: a slot stands for each, so no value is ever parsed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from engine.render.slots import is_link


def to_html(markdown: str) -> str:
    """The HTML of a text; HTML within it is shown, not obeyed, and a line break is one."""
    return str(_MARKDOWN.render(markdown))


def to_text(markdown: str) -> str:
    """The same text for readers without HTML: links are written out, marks of emphasis fall away."""
    page = _Page()
    for token in _MARKDOWN.parse(markdown):
        page.take(token)
    return "\n".join(page.lines).strip("\n")


@dataclass
class _Page:
    """A text that grows token by token."""

    lines: list[str] = field(default_factory=list)
    lists: list[int | None] = field(default_factory=list)  # each open list: its next number, None for bullets
    cells: list[str] = field(default_factory=list)
    lead: str = ""

    def take(self, token: Token) -> None:
        """Adds what a token says."""
        if token.type == "inline":
            self._say(_inline(token.children or []))
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            self.lists.append(int(token.attrs.get("start", 1)) if token.tag == "ol" else None)
        elif token.type == "list_item_open":
            self.lead = "  " * (len(self.lists) - 1) + self._bullet()
        elif token.type in ("fence", "code_block"):
            self._say(token.content.rstrip("\n"))
            self._part()
        elif token.type == "hr":
            self._say("-" * 20)
            self._part()
        else:
            self._close(token.type)

    def _close(self, kind: str) -> None:
        if kind in ("bullet_list_close", "ordered_list_close"):
            self.lists.pop()
            self._part()
        elif kind in ("td_close", "th_close"):
            self.cells.append(self.lines.pop())
        elif kind == "tr_close":
            self.lines.append("  ".join(self.cells))
            self.cells = []
        elif kind in ("paragraph_close", "heading_close", "table_close"):
            self._part()

    def _say(self, text: str) -> None:
        indent = "  " * len(self.lists)
        first, *rest = text.split("\n")
        self.lines += [(self.lead or indent) + first, *(indent + line for line in rest)]
        self.lead = ""

    def _part(self) -> None:
        if not self.lists and self.lines and self.lines[-1]:
            self.lines.append("")

    def _bullet(self) -> str:
        number = self.lists[-1]
        if number is None:
            return "- "
        self.lists[-1] = number + 1
        return f"{number}. "


def _inline(tokens: Sequence[Token]) -> str:
    out: list[str] = []
    links: list[tuple[str, int]] = []
    shown = [token.type for token in tokens if token.content or token.type.startswith("link")]
    alone = shown[:1] == ["link_open"] and shown.index("link_close") == len(shown) - 1
    for token in tokens:
        if token.type == "link_open":
            links.append((str(token.attrs.get("href", "")), len(out)))
        elif token.type == "link_close":
            href, begin = links.pop()
            said = "".join(out[begin:])
            if href not in (said, f"mailto:{said}"):
                out[begin:] = [f"{said}: {href}" if alone else f"{said} <{href}>"]
        elif token.type in ("softbreak", "hardbreak"):
            out.append("\n")
        else:
            out.append(token.content)
    return "".join(out)


def _mark_buttons(state: StateCore) -> None:
    """A link alone in its paragraph, bold or not, is the thing to click: it becomes a button."""
    for before, token in zip(state.tokens, state.tokens[1:], strict=False):
        inside = [child for child in token.children or [] if child.type != "text" or child.content]
        if inside and inside[0].type == "strong_open" and inside[-1].type == "strong_close":
            inside = inside[1:-1]
        kinds = [child.type for child in inside]
        whole = kinds[:1] == ["link_open"] and kinds.index("link_close") == len(kinds) - 1
        if before.type == "paragraph_open" and whole and not before.hidden and inside[0].markup != "autolink":
            before.attrSet("class", "action")
            inside[0].attrSet("class", "button")


def _make() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
    markdown.validateLink = is_link  # type: ignore[method-assign,assignment]
    markdown.core.ruler.push("buttons", _mark_buttons)
    return markdown


_MARKDOWN = _make()
