"""What is wrong with the texts of a message, and which variables they name: known before anything is sent."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

from jinja2 import TemplateSyntaxError, nodes

from engine.render.allowed import dotted, refusals
from engine.render.message import Message, Part
from engine.render.places import at_offset, find, literal, masked, regions
from engine.render.sandbox import SANDBOX
from engine.render.slots import RESERVED, is_link
from engine.source.problem import Place, Problem

_LINK = re.compile(r"\]\(\s*<?(?P<to>(?:\{\{.*?\}\}|[^)\s>])*)")
_DEFINED = re.compile(r"^ {0,3}\[[^\]\n]+\]:[ \t]*<?(?P<to>(?:\{\{.*?\}\}|[^\s>])*)", re.MULTILINE)
_HTML = re.compile(r"<(?:script|style|iframe)\b|<[a-z][^<>]*?\s(?:href|src|style|on[a-z]+)\s*=", re.IGNORECASE)
_LONGEST = 300  # so that no expression can nest deeper than Jinja and Python can follow
_TAGS = ("if", "elif", "else", "endif", "for", "endfor")


class Variable(NamedTuple):
    """A name that a text reads, `gift.code`, and where in the file it stands."""

    name: str
    line: int
    column: int
    width: int
    of: str = ""  # the list whose element it is a member of: in a loop over `event.lines`, of `line.product`


def check(message: Message) -> list[Problem]:
    """Everything that is wrong with the texts, in the order of the file; nothing when they can be rendered."""
    return [problem for part in message.parts for problem in _check_part(message, part)]


def variables(message: Message, channel: str | None = None) -> list[Variable]:
    """Every name that the texts read from their context, once for each place. Loop variables are not among them.

    With a channel, those of its own words.
    """
    return [one for one in _read(message, channel) if not one.of]


def elements(message: Message, channel: str | None = None) -> list[Variable]:
    """Every member that the texts read from the elements of a list, inside a loop over it."""
    return [one for one in _read(message, channel) if one.of]


def _read(message: Message, channel: str | None) -> list[Variable]:
    found: list[Variable] = []
    for part in message.parts if channel is None else message.parts_of(channel):
        tree = None if _endless(part) else _parse(part)
        if isinstance(tree, nodes.Template):
            seen: Counter[tuple[int, str]] = Counter()
            for line, name, of in _names(tree, {"loop": ""}):
                at = find(message, part, line, name, seen[line, name])
                seen[line, name] += 1
                found.append(Variable(name, at.line, at.column, at.width, of))
    return found


def _check_part(message: Message, part: Part) -> list[Problem]:
    if endless := _endless(part):
        said = f"an expression has at most {_LONGEST} characters"
        return [Problem(at_offset(message, part, endless.start(), len(endless[0])), "too-long", said)]
    tree = _parse(part)
    if not isinstance(tree, nodes.Template):
        return [_syntax(message, part, tree)]
    problems = [
        Problem(find(message, part, refusal.line, refusal.words), refusal.rule, refusal.text, refusal.helps)
        for refusal in refusals(tree)
    ]
    if found := RESERVED.search(literal(part.text)):
        at = at_offset(message, part, max(0, part.text.find(found[0])), len(found[0]))
        problems.append(Problem(at, "reserved", f"`{found[0]}` cannot be part of a text"))
    if part is message.body:
        problems += [*_links(message, part), *_html(message, part)]
    return problems


def _links(message: Message, part: Part) -> Iterator[Problem]:
    for found in (*_LINK.finditer(part.text), *_DEFINED.finditer(part.text)):
        to = found["to"]
        if to and not to.startswith(("{{", "{%")) and not is_link(to):
            at = at_offset(message, part, found.start("to"), len(to))
            help_ = "write the whole address:  https://…  mailto:…  or  tel:…"
            yield Problem(at, "bad-link", f"a mail cannot link to `{to}`", (help_,))


def _html(message: Message, part: Part) -> Iterator[Problem]:
    """HTML, which is shown and not obeyed: a value within it is not where its author thinks."""
    if found := _HTML.search(part.text):
        at = at_offset(message, part, found.start(), len(found[0]))
        help_ = "write a link as  [our shop](https://…)  and bold words as  **today**"
        yield Problem(at, "html", "HTML is not part of message texts; customers would read it as it stands", (help_,))


def _endless(part: Part) -> re.Match[str] | None:
    return next((region for region in regions(part.text) if len(region[0]) > _LONGEST), None)


@lru_cache(maxsize=4096)  # asked for each rule, and for each step that sends the message
def _parse(part: Part) -> nodes.Template | TemplateSyntaxError:
    try:
        return SANDBOX.parse(part.text)
    except TemplateSyntaxError as error:
        return error
    except RecursionError:
        return TemplateSyntaxError("nested too deeply", 1)


def _names(node: nodes.Node, bound: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    """Line and name; of a member of a loop's element, also the list that the loop goes over."""
    if isinstance(node, nodes.Name | nodes.Getattr):
        name = dotted(node)
        if name is not None:
            first, _, member = name.partition(".")
            if first not in bound:
                yield node.lineno, name, ""
            elif member and bound[first]:
                yield node.lineno, name, bound[first]
            return
    if isinstance(node, nodes.For):
        yield from _names(node.iter, bound)
        listed = dotted(node.iter) or ""
        known = listed if listed.split(".")[0] not in bound else ""
        inner = {**bound, node.target.name: known} if isinstance(node.target, nodes.Name) else bound
        rest = [*node.body, *node.else_, *([node.test] if node.test else [])]
    else:
        inner, rest = bound, list(node.iter_child_nodes())
    for child in rest:
        yield from _names(child, inner)


def _syntax(message: Message, part: Part, error: TemplateSyntaxError) -> Problem:
    said = error.message or ""
    found = re.search(r"unknown tag '(\w+)'", said)
    if found and found[1] not in _TAGS:
        return _unknown_tag(find(message, part, error.lineno, found[1]), found[1])
    if found or "looking for the following tags" in said:
        return _unpaired(message, part, error.lineno, found[1] if found else "")
    for region in regions(part.text):
        if not region[0].endswith(("}}", "%}")):
            at = at_offset(message, part, region.start(), len(region[0]))
            end = "}}" if region.lastgroup == "print" else "%}"
            return Problem(at, "template-syntax", f"`{region[0][:2]}` is never closed", (f"close it with  {end}",))
        if region.lastgroup == "print" and isinstance(_parse(Part(region[0], 1)), TemplateSyntaxError):
            at = at_offset(message, part, region.start(), len(region[0]))
            help_ = "write for example  {{ customer.first_name }}  or  {{ event.total | money }}"
            return Problem(at, "template-syntax", f"`{region[0]}` cannot be read", (help_,))
    at = find(message, part, error.lineno, "")
    return Problem(at, "template-syntax", f"this cannot be read: {said.rstrip('.')}")


def _unknown_tag(at: Place, tag: str) -> Problem:
    near = get_close_matches(tag, _TAGS, 1)
    help_ = f"did you mean `{near[0]}`?" if near else "there are  if,  elif,  else,  endif,  for,  endfor"
    return Problem(at, "template-syntax", f"there is no tag `{tag}`", (help_,))


def _unpaired(message: Message, part: Part, line: int, tag: str) -> Problem:
    opened: list[tuple[str, int, int]] = []
    for found in re.finditer(r"\{%[-+]?\s*(end)?(if|for)\b[^%]*%?\}?", masked(part.text)):
        if not found[1]:
            opened.append((found[2], found.start(), len(found[0])))
        elif opened and opened[-1][0] == found[2]:
            opened.pop()
        else:
            break
    if not opened:
        return Problem(find(message, part, line, tag), "template-syntax", f"`{{% {tag} %}}` belongs to nothing")
    begun, start, width = opened[-1]
    at, help_ = at_offset(message, part, start, width), f"close it with  {{% end{begun} %}}"
    return Problem(at, "template-syntax", f"`{{% {begun} %}}` is never closed", (help_,))
