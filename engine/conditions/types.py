"""From a parse tree to the typed tree: fields are looked up, values read in the field's type, mistakes collected."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal, TypeAlias, TypeVar, cast

import lark
from lark import Token

from engine.catalogue import Field, Type
from engine.clocks.times import Length, NotALength
from engine.conditions import values
from engine.conditions.alone import alone, without_scope
from engine.conditions.kinds import FITS, KINDS, TEMPORAL, USE, comparable, stored
from engine.conditions.parse import parse, span
from engine.conditions.terms import Mention, Moment, Share, Value
from engine.conditions.tree import (
    And,
    Contains,
    Empty,
    Is,
    Listed,
    Member,
    Moved,
    Not,
    Or,
    Order,
    Ordered,
    Span,
    Tree,
    all_of,
    any_of,
)
from engine.source.near import suggest
from engine.source.problem import Flaw

Scope: TypeAlias = Mapping[str, Mapping[str, Field]]
_T = TypeVar("_T")
Node: TypeAlias = lark.Tree[Token]


class Flawed(ValueError):
    """A text is no condition; `flaws` are all of its mistakes, from left to right."""

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        self.flaws = tuple(sorted(flaws, key=lambda one: (one.start, one.end)))
        super().__init__("; ".join(one.text for one in self.flaws))


def read(text: str, scope: Scope, segments: Collection[str], currency: str) -> Tree:
    """The condition of a text. Money is written in the main unit of `currency` (ISO 4217). Raises `Flawed`."""
    parsed = parse(text)
    if isinstance(parsed, Flaw):
        raise Flawed((without_scope(parsed, text, scope) or parsed,))
    reader = _Reader(text, scope, segments, currency)
    tree = reader.condition(cast(Node, parsed.children[0]))
    if reader.flaws or tree is None:
        raise Flawed(reader.flaws)
    return tree


@dataclass
class _Reader:
    text: str
    scope: Scope
    segments: Collection[str]
    currency: str
    flaws: list[Flaw] = field(default_factory=list)

    def condition(self, node: Node) -> Tree | None:
        """A chain of `and` or of `or`; both in one chain have no agreed order."""
        joins = [one for one in node.children if isinstance(one, Token)]
        mixed = next((one for one in joins if one != joins[0]), None)
        if mixed is not None:
            helps = ("add parentheses, or use an `any:` block",)
            self._flaw(mixed, "and-or", "'and' and 'or' are mixed without parentheses", *helps)
        self.flaws.extend(alone(node, self.text, self.scope))
        inner = [one for one in node.children if isinstance(one, lark.Tree) and one.data != "alone"]
        parts = [self._unary(one) for one in inner]
        known = [one for one in parts if one is not None]
        if self.flaws or not known:
            return None
        tree = any_of(known) if joins and joins[0] == "or" else all_of(known)
        return _placed(tree, span(node)) if isinstance(tree, (And, Or)) else tree

    def _unary(self, node: Node) -> Tree | None:
        if node.data == "condition":
            return self.condition(node)
        if node.data == "negation":
            part = self._unary(cast(Node, node.children[1]))
            return None if part is None else Not(part, span(node))
        if node.data == "alone":
            self.flaws.extend(alone(node, self.text, self.scope))
            return None
        tokens = {one.type for one in node.children if isinstance(one, Token)}
        atom = _ATOMS[node.data](self, node, span(node))
        negative = "NOT" in tokens or "UNEQUAL" in tokens
        return Not(atom, span(node)) if negative and atom is not None else atom

    def _yes(self, node: Node, span: Span) -> Tree | None:
        mention = self._mention(_token(node, 0))
        if mention is None:
            return None
        if mention.field.type is not Type.YES_NO:
            text = f"`{mention}` is {KINDS[mention.field.type]}; it needs something to compare with"
            self._flaw(_token(node, 0), "type", text, USE[mention.field.type])
            return None
        return Is(mention, Value(True, "true"), span)

    def _compare(self, node: Node, span: Span) -> Tree | None:
        verb = _token(node, 1)
        if verb.type == "SINGLE":
            text = "use `is` (or `==`) to compare"
            self._flaw(verb, "condition", text, "replace `=` with `is`")
        mention = self._mention(_token(node, 0))
        right = self._right(node.children[-1], mention, verb, "is")
        return Is(mention, right, span) if mention and isinstance(right, (Value, Mention)) else None

    def _order(self, node: Node, span: Span) -> Tree | None:
        verb, mention = _token(node, 1), self._mention(_token(node, 0))
        right = self._right(node.children[-1], mention, verb, "order")
        return Ordered(mention, cast(Order, str(verb)), right, span) if mention and right else None

    def _moved(self, node: Node, span: Span) -> Tree | None:
        verb = next(one for one in node.children if isinstance(one, Token) and one.type in ("BEFORE", "AFTER"))
        mention = self._fitting(_token(node, 0), verb, "moved")
        moment = self._moment(node.children[-1])
        side = cast(Literal["before", "after"], str(verb))
        return Moved(mention, side, moment, span) if mention and moment else None

    def _listed(self, node: Node, span: Span) -> Tree | None:
        verb = next(one for one in node.children if isinstance(one, Token) and one.type == "IN")
        mention = self._fitting(_token(node, 0), verb, "in")
        literals = [one for one in node.children[node.children.index(verb) + 1 :] if isinstance(one, Token)]
        known = [self._literal(one, mention) for one in literals] if mention else []
        values_known = tuple(dict.fromkeys(one for one in known if one is not None))
        return Listed(mention, values_known, span) if mention and None not in known else None

    def _contains(self, node: Node, span: Span) -> Tree | None:
        verb = next(one for one in node.children if isinstance(one, Token) and one.type == "CONTAINS")
        mention = self._fitting(_token(node, 0), verb, "contains")
        value = self._literal(_token(node, -1), mention) if mention else None
        return Contains(mention, value, span) if mention and value else None

    def _empty(self, node: Node, span: Span) -> Tree | None:
        mention = self._mention(_token(node, 0))
        return Empty(mention, span) if mention else None

    def _member(self, node: Node, span: Span) -> Tree | None:
        who, name = _token(node, 0), _token(node, -1)
        if str(who) not in ("customer", "customer.id"):
            self._flaw(who, "condition", "a segment holds customers", f"write:  customer in segment {name}")
        if str(name) not in self.segments:
            helps = suggest(str(name), self.segments, "segments")
            self._flaw(name, "unknown-segment", f"there is no segment `{name}`", *helps)
        return Member(str(name), span)

    def _right(
        self, node: Node | Token | None, mention: Mention | None, verb: Token, rule: str
    ) -> Value | Mention | Share | None:
        if isinstance(node, Token) and node.type != "FIELD":
            return self._checked_literal(node, mention, verb, rule)
        if isinstance(node, Token):
            return self._same_type(node, mention, verb, rule)
        assert isinstance(node, lark.Tree)
        if node.data == "share":
            return self._share(node, mention, verb, rule)
        if mention is not None:
            self._relative_value(node, mention, verb)
        return None

    def _checked_literal(self, token: Token, mention: Mention | None, verb: Token, rule: str) -> Value | None:
        if mention is None:
            return None
        if mention.field.type in TEMPORAL and token.type != "DAY":
            return self._literal(token, mention)  # says how moments are compared
        if not self._fits(mention, verb, rule, token):
            return None
        return self._literal(token, mention)

    def _same_type(self, token: Token, mention: Mention | None, verb: Token, rule: str) -> Mention | None:
        right = self._mention(token, value=True)
        if mention is None or right is None:
            return None
        fitting = {*FITS[rule], *TEMPORAL}
        if mention.field.type not in fitting:
            self._fits(mention, verb, rule)
            return None
        if comparable(mention) == comparable(right) and stored(mention) != stored(right):
            self._flaw(token, "type", f"`{mention}` and `{right}` are stored in different ways and cannot be compared")
            return None
        if comparable(mention) != comparable(right):
            kinds = KINDS
            text = f"`{mention}` is {kinds[mention.field.type]}; `{right}` is {kinds[right.field.type]}"
            self._flaw(token, "type", text)
            return None
        return right

    def _share(self, node: Node, mention: Mention | None, verb: Token, rule: str) -> Share | None:
        percent, of = _token(node, 0), self._mention(_token(node, 2))
        ratio = Fraction(str(percent).rstrip("% \t\n")) / 100
        if mention is None or of is None or not self._fits(mention, verb, "order"):
            return None
        if rule != "order":
            self._flaw(verb, "type", f"`{verb}` does not fit a percentage", "use `<`, `<=`, `>` or `>=`")
            return None
        if ratio.denominator > 1_000_000 or ratio > 1_000:
            self._flaw(percent, "type", f"`{percent}` is no percentage to compare with", "write for example 70%")
            return None
        if of.field.type is not mention.field.type:
            text = f"`{mention}` is {KINDS[mention.field.type]}; `{of}` is {KINDS[of.field.type]}"
            self._flaw(_token(node, 2), "type", text)
            return None
        return Share(ratio, of)

    def _relative_value(self, node: Node, mention: Mention, verb: Token) -> None:
        if mention.field.type in TEMPORAL:
            side = "after" if str(verb).startswith(">") else "before"
            text = f"`{mention}` is {KINDS[mention.field.type]}; `{verb}` does not fit"
            start, end = span(node)
            self._flaw(verb, "type", text, f"write:  {mention} {side} {self.text[start:end]}")
        else:
            start, end = span(node)
            self.flaws.append(values.wrong_type(start, end, self.text[start:end], mention))

    def _moment(self, node: Node | Token | None) -> Moment | None:
        if isinstance(node, Token):
            if node.type in ("NOW", "TODAY"):
                return Moment("now" if node.type == "NOW" else "today")
            found = values.day(node)
            return self._known(found if isinstance(found, Flaw) else Moment("day", day=found))
        assert isinstance(node, lark.Tree)
        tokens = [one for one in node.children if isinstance(one, Token)]
        last = next(i for i, one in enumerate(tokens) if one.type in ("AGO", "FROM"))
        start, end = tokens[0].start_pos or 0, tokens[last - 1].end_pos or 0
        try:
            length = Length.parse(" ".join(tokens[:last]))
        except NotALength as wrong:
            self.flaws.append(Flaw(start, end, "duration", str(wrong), wrong.helps))
            return None
        return Moment("ago" if tokens[last].type == "AGO" else "from now", length)

    def _mention(self, token: Token, *, value: bool = False) -> Mention | None:
        scope, _, name = str(token).partition(".")
        known = self.scope.get(scope, {}).get(name)
        if known is not None:
            return Mention(scope, known)
        scopes = [scope] if scope in self.scope else list(self.scope)
        names = [f"{one}.{name}" for one in scopes for name in self.scope[one]]
        elsewhere = [one for one in self.scope if name in self.scope[one] and one in ("it", "line", "wish")]
        helps = (f"did you mean `{elsewhere[0]}.{name}`?",) if elsewhere else suggest(str(token), names, "fields")
        quotes = (f"as a text it stands in quotes:  '{token}'",) if value and scope not in self.scope else ()
        self._flaw(token, "unknown-field", f"unknown field `{token}`", *(quotes or helps))
        return None

    def _fitting(self, token: Token, verb: Token, rule: str) -> Mention | None:
        mention = self._mention(token)
        return mention if mention and self._fits(mention, verb, rule) else None

    def _fits(self, mention: Mention, verb: Token, rule: str, value: Token | None = None) -> bool:
        kind = mention.field.type
        if kind in FITS[rule]:
            return True
        tagged = kind is Type.TAGS and value is not None
        help_ = f"write:  {mention} contains {value}" if tagged else USE[kind]
        self._flaw(verb, "type", f"`{mention}` is {KINDS[kind]}; `{verb}` does not fit", help_)
        return False

    def _literal(self, token: Token, mention: Mention) -> Value | None:
        return self._known(values.literal(token, mention, self.currency))

    def _known(self, found: _T | Flaw) -> _T | None:
        if isinstance(found, Flaw):
            self.flaws.append(found)
            return None
        return found

    def _flaw(self, token: Token, rule: str, text: str, *helps: str) -> None:
        self.flaws.append(Flaw(token.start_pos or 0, token.end_pos or 0, rule, text, helps))


_ATOMS: Final[Mapping[str, Callable[[_Reader, Node, Span], Tree | None]]] = {
    "yes": _Reader._yes,
    "compare": _Reader._compare,
    "order": _Reader._order,
    "moved": _Reader._moved,
    "listed": _Reader._listed,
    "member": _Reader._member,
    "contains": _Reader._contains,
    "empty": _Reader._empty,
}


def _placed(tree: And | Or, span: Span) -> Tree:
    return And(tree.parts, span) if isinstance(tree, And) else Or(tree.parts, span)


def _token(node: Node, index: int) -> Token:
    return cast(Token, node.children[index])
