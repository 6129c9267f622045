"""What a text may do: an allow-list over Jinja's tree, and what to write instead of the rest."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from jinja2 import nodes

from engine.render.sandbox import FILTERS, LOOP, TESTS
from engine.render.values import STYLES

#: Loops within loops multiply; two are enough for the lines of an order and their tags.
DEEPEST_LOOP = 2
#: Python itself follows about a hundred blocks within each other; people, three or four.
DEEPEST_BLOCK = 20
#: Python's compiler follows each `elif` into the one before it.
MOST_BRANCHES = 50
_LARGEST = 10**15

_FREE = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.Compare,
    nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.Neg,
)  # fmt: skip

_REFUSED: dict[type[nodes.Node], tuple[str, str, str]] = {
    nodes.Include: ("include", "`{% include %}` is not part of message texts", "write the text out"),
    nodes.Import: ("import", "`{% import %}` is not part of message texts", "write the text out"),
    nodes.FromImport: ("from", "`{% from %}` is not part of message texts", "write the text out"),
    nodes.Extends: ("extends", "`{% extends %}` is not part of message texts", "the layout comes by itself"),
    nodes.Block: ("block", "`{% block %}` is not part of message texts", "the layout comes by itself"),
    nodes.Macro: ("macro", "`{% macro %}` is not part of message texts", "write the text out"),
    nodes.CallBlock: ("call", "`{% call %}` is not part of message texts", "write the text out"),
    nodes.FilterBlock: ("filter", "`{% filter %}` is not part of message texts", "use  {{ value | filter }}"),
    nodes.Assign: ("set", "`{% set %}` is not part of message texts", "keep the value in a field or a metric"),
    nodes.AssignBlock: ("set", "`{% set %}` is not part of message texts", "keep the value in a field or a metric"),
    nodes.With: ("with", "`{% with %}` is not part of message texts", "keep the value in a field or a metric"),
    nodes.Scope: ("autoescape", "`{% autoescape %}` is not part of message texts", "values are always printed as text"),
    nodes.Concat: ("", "`~` is not part of message texts", "print one after the other:  {{ first }}{{ second }}"),
    nodes.Getitem: ("", "a text reads values by plain names, without brackets", "write  {{ customer.tier }}"),
    nodes.Call: ("", "a text cannot call anything", "use a filter:  {{ event.total | money }}"),
}

_SUMS: dict[type[nodes.Node], str] = {nodes.Add: "+", nodes.Sub: "-", nodes.Mul: "*", nodes.Div: "/"}

# What stands in the brackets of a filter: how many at least and at most, which ones, and how that is said.
_STYLED = (0, 1, lambda value: value in STYLES, f"one of  {',  '.join(STYLES)}")
_ARGUMENTS: dict[str, tuple[int, int, Callable[[object], bool], str]] = {
    "date": _STYLED,
    "time": _STYLED,
    "datetime": _STYLED,
    "number": (0, 1, lambda value: value in range(10), "how many digits follow the point, 0 to 9"),
    "join": (0, 1, lambda value: isinstance(value, str), "what stands between, such as  ', '"),
    "default": (1, 1, lambda _: True, "what is printed instead, such as  'friend'"),
}
_NONE = (0, 0, lambda _: True, "nothing")

_OTHER = ("", "this is not part of message texts", "use  {{ value }},  {{ value | filter }},  {% if %}  or  {% for %}")


@dataclass(frozen=True)
class Refusal:
    """Something that a text must not do: on which line, which words, and what to write."""

    line: int
    words: str
    rule: str
    text: str
    helps: tuple[str, ...] = ()


def dotted(node: nodes.Node) -> str | None:
    """`customer.tier` for a plain name or a chain of members; None for anything else."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        front = dotted(node.node)
        return f"{front}.{node.attr}" if front else None
    return None


def refusals(tree: nodes.Template) -> Iterator[Refusal]:
    """Everything in the tree that is not allowed, each mistake once."""
    yield from _walk(tree, 0, 0)


def _walk(node: nodes.Node, loops: int, blocks: int) -> Iterator[Refusal]:
    block = isinstance(node, nodes.If | nodes.For)
    refusal = _too_deep(node) if block and blocks >= DEEPEST_BLOCK else _refusal(node, loops)
    if refusal:
        yield refusal
        return
    if isinstance(node, nodes.Getattr):  # its inner names are judged with it
        return
    for child in node.iter_child_nodes():
        yield from _walk(child, loops + isinstance(node, nodes.For), blocks + block)


def _too_deep(node: nodes.Node) -> Refusal:
    said = f"blocks stand in each other at most {DEEPEST_BLOCK} deep"
    return Refusal(node.lineno, "", "not-in-a-text", said)


def _refusal(node: nodes.Node, loops: int) -> Refusal | None:
    if isinstance(node, nodes.Name | nodes.Getattr):
        return _name(node)
    if isinstance(node, nodes.Filter):
        return _filter(node)
    if isinstance(node, nodes.Test):
        return _test(node)
    if isinstance(node, nodes.For):
        return _loop(node, loops)
    if isinstance(node, nodes.Const):
        return _constant(node)
    if isinstance(node, nodes.If) and len(node.elif_) > MOST_BRANCHES:
        return Refusal(node.lineno, "if", "not-in-a-text", f"an `if` has at most {MOST_BRANCHES} branches")
    if isinstance(node, _FREE):
        return _sum(node)
    words, text, help_ = _REFUSED.get(type(node), _OTHER)
    if isinstance(node, nodes.Getitem):
        words = _bracketed(node)
    line = node.lineno or next((child.lineno for child in node.iter_child_nodes() if child.lineno), 1)
    return Refusal(line, words, "not-in-a-text", text, (help_,))


def _bracketed(node: nodes.Getitem) -> str:
    """The words as they stand where places are looked for, `events[0]`: a text in quotes is blank there. Else nothing."""
    base, key = dotted(node.node), node.arg
    if isinstance(key, nodes.Const):
        inner = " " * len(repr(key.value)) if isinstance(key.value, str) else str(key.value)
    else:
        inner = dotted(key) or ""
    return f"{base}[{inner}]" if base and inner else ""


def _name(node: nodes.Name | nodes.Getattr) -> Refusal | None:
    written = dotted(node)
    if written is None:
        base = node.node if isinstance(node, nodes.Getattr) else node
        while isinstance(base, nodes.Getattr):
            base = base.node
        inner = _refusal(base, 0)
        help_ = "write for example  {{ customer.tier }}"
        return inner or Refusal(node.lineno, "", "not-in-a-text", "only plain names have members", (help_,))
    words = written.split(".")
    if any(word.startswith("_") for word in words):
        return Refusal(node.lineno, written, "not-in-a-text", f"`{written}`: no name begins with `_`")
    if words[0] == "loop" and (len(words) != 2 or words[1] not in LOOP):
        help_ = "allowed are  " + ",  ".join(f"loop.{word}" for word in sorted(LOOP))
        return Refusal(node.lineno, written, "not-in-a-text", f"`{written}` is not part of message texts", (help_,))
    return None


def _filter(node: nodes.Filter) -> Refusal | None:
    if node.name in FILTERS and node.node is not None:
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            text = f"the arguments of `{node.name}` are written without names"
            return Refusal(node.lineno, node.name, "not-in-a-text", text)
        return _arguments(node)
    if node.name == "safe":
        text = "`safe` would let what customers typed become part of the page"
        help_ = "leave it out: values are always printed as text"
        return Refusal(node.lineno, node.name, "unsafe-filter", text, (help_,))
    near = get_close_matches(node.name, FILTERS, 1)
    help_ = f"did you mean `{near[0]}`?" if near else "there are  " + ", ".join(sorted(FILTERS))
    return Refusal(node.lineno, node.name, "unknown-filter", f"there is no filter `{node.name}`", (help_,))


def _arguments(node: nodes.Filter) -> Refusal | None:
    least, most, fits, said = _ARGUMENTS.get(node.name, _NONE)
    sound = least <= len(node.args) <= most
    if sound and all(fits(one.value) for one in node.args if isinstance(one, nodes.Const)):
        return None
    return Refusal(node.lineno, node.name, "filter-argument", f"in the brackets of `{node.name}` stands {said}")


def _constant(node: nodes.Const) -> Refusal | None:
    if isinstance(node.value, int | float) and not abs(node.value) < _LARGEST:
        return Refusal(node.lineno, str(node.value), "not-in-a-text", "a number has at most 15 digits")
    return None


def _sum(node: nodes.Node) -> Refusal | None:
    """Sums of numbers: a text that is repeated a billion times would be seen only when it is sent."""
    if isinstance(node, nodes.BinExpr) and type(node) in _SUMS:
        sides = (side for side in (node.left, node.right) if isinstance(side, nodes.Const))
        if any(isinstance(side.value, str | bool) or side.value is None for side in sides):
            help_ = "print one after the other:  {{ first }}{{ second }}"
            sign = _SUMS[type(node)]
            return Refusal(node.lineno, sign, "not-in-a-text", f"`{sign}` works on numbers only", (help_,))
    return None


def _test(node: nodes.Test) -> Refusal | None:
    if node.name in TESTS:
        return None
    help_ = f"compare with  ==,  or use  is {',  is '.join(TESTS[:4])}"
    return Refusal(node.lineno, node.name, "unknown-test", f"a text cannot ask `is {node.name}`", (help_,))


def _loop(node: nodes.For, loops: int) -> Refusal | None:
    if node.recursive or not isinstance(node.target, nodes.Name) or dotted(node.iter) is None:
        help_ = "write for example  {% for product in customer.recommended %}"
        return Refusal(node.lineno, "for", "not-in-a-text", "a loop goes over the elements of one field", (help_,))
    if loops >= DEEPEST_LOOP:
        return Refusal(node.lineno, "for", "not-in-a-text", f"loops stand in each other at most {DEEPEST_LOOP} deep")
    return None
