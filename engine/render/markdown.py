"""Markdown to HTML and to readable text. Values are not in it: a slot stands for each, so no value is ever parsed."""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from engine.render.slots import is_link


def to_html(markdown: str) -> str:
    """The HTML of a text; HTML within it is shown, not obeyed."""
    return str(_MARKDOWN.render(markdown))


def to_text(markdown: str) -> str:
    """The same text for readers without HTML: links are written out, marks of emphasis fall away."""
    lines: list[str] = []
    lists: list[list[int | None]] = []  # the next number of each open list, None where it is bulleted
    lead = ""
    for token in _MARKDOWN.parse(markdown):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append([int(token.attrs.get("start", 1)) if token.type.startswith("ordered") else None])
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
            lines += [] if lists else [""]
        elif token.type == "list_item_open":
            lead = "  " * (len(lists) - 1) + _bullet(lists[-1])
        elif token.type == "inline":
            text = _inline(token.children or [])
            hang = "  " * len(lists)
            lines += (lead + text.replace("\n", "\n" + hang)).split("\n") if lead else (hang + text).split("\n")
            lead = ""
        elif token.type in ("paragraph_close", "heading_close", "tr_close", "blockquote_close") and not lists:
            lines.append("")
        elif token.type in ("fence", "code_block"):
            lines += [*token.content.rstrip("\n").split("\n"), ""]
        elif token.type == "hr":
            lines += ["-" * 20, ""]
    return "\n".join(lines).strip("\n").replace("\n\n\n", "\n\n")


def _bullet(counter: list[int | None]) -> str:
    number = counter[0]
    if number is None:
        return "- "
    counter[0] = number + 1
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
            out[begin:] = [said if href in (said, f"mailto:{said}") else f"{said}: {href}" if alone else f"{said} <{href}>"]
        elif token.type in ("softbreak", "hardbreak"):
            out.append("\n")
        else:
            out.append(token.content)
    return "".join(out)


def _mark_buttons(state: StateCore) -> None:
    """A bold link alone in its paragraph is the thing to click: it becomes a button."""
    for before, token in zip(state.tokens, state.tokens[1:], strict=False):
        inside = [child for child in token.children or [] if child.type != "text" or child.content]
        if before.type != "paragraph_open" or len(inside) < 4:
            continue
        kinds = [child.type for child in inside]
        whole = kinds[:2] == ["strong_open", "link_open"] and kinds[-2:] == ["link_close", "strong_close"]
        if whole and kinds.count("link_open") == 1:
            before.attrSet("class", "action")
            inside[1].attrSet("class", "button")


def _make() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.validateLink = is_link  # type: ignore[method-assign]
    markdown.core.ruler.push("buttons", _mark_buttons)
    return markdown


_MARKDOWN = _make()
