"""The sandbox in which texts are filled in: plain data, a handful of filters, no calls, no way to Python's objects."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NoReturn

from jinja2 import Undefined, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.render.values import Tongue

#: Under this name, which no author can write, a rendering finds who prints its values.
PRINTER = "_printer"
#: Bits of a number: beyond that it is nothing that anybody reads, and soon nothing that can be written.
_WIDEST = 128
#: What a text can ask of the loop that it stands in.
LOOP = frozenset({"index", "first", "last", "length"})


class Missing(Undefined):
    """A value that the customer does not have: false in every test, as in conditions; an error where it is printed."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return str(self._undefined_name)

    def __str__(self) -> str:
        self._fail_with_undefined_error()

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __contains__(self, _: object) -> bool:
        return False

    def __eq__(self, _: object) -> bool:
        return False

    def __ne__(self, _: object) -> bool:
        return True

    def __lt__(self, _: object) -> bool:  # type: ignore[override]
        return False

    __le__ = __gt__ = __ge__ = __lt__  # type: ignore[assignment]

    def __hash__(self) -> int:
        return id(type(self))


class Sandbox(ImmutableSandboxedEnvironment):
    """Reads members of mappings only: no attribute, item or method of a Python object can be reached."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict or isinstance(obj, Mapping):  # the first is what nearly all are, and quick to ask
            value = obj.get(attribute)
            return Missing(name=attribute) if value is None or value == "" else value
        if isinstance(obj, LoopContext) and attribute in LOOP:
            return super().getattr(obj, attribute)
        return Missing(name=attribute)

    def getitem(self, *_: Any, **__: Any) -> NoReturn:
        raise SecurityError("a text cannot look into values by number")

    def call(self, *_: Any, **__: Any) -> NoReturn:
        raise SecurityError("a text cannot call anything")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Sums, differences, products and quotients of numbers; a repeated text or a power could fill the memory."""
        for side in (left, right):
            if isinstance(side, Undefined):
                str(side)
            if isinstance(side, bool) or not isinstance(side, int | float):
                raise SecurityError(f"`{operator}` works on numbers only")
        if operator not in ("+", "-", "*", "/"):
            raise SecurityError(f"`{operator}` is not part of message texts")
        found = super().call_binop(context, operator, left, right)
        if isinstance(found, int) and found.bit_length() > _WIDEST:
            raise SecurityError(f"what `{operator}` gives is too large")
        return found


@pass_context
def _shown(context: Context, value: Any) -> str:
    return str(context.parent[PRINTER].show(value))


def _default(value: Any, instead: Any) -> Any:
    return instead if isinstance(value, Undefined) or value is None or value == "" else value


def _written(method: Callable[..., str]) -> Callable[..., str]:
    @pass_context
    def write(context: Context, value: Any, *arguments: Any) -> str:
        if isinstance(value, Undefined):
            str(value)  # raises: a missing value has no written form
        return method(context.parent[PRINTER].tongue, value, *arguments)

    return write


def _texted(change: Callable[[str], str]) -> Callable[..., str]:
    @pass_context
    def write(context: Context, value: Any) -> str:
        return change(str(value) if isinstance(value, str | Undefined) else context.parent[PRINTER].tongue.write(value))

    return write


@pass_context
def _join(context: Context, value: Collection[Any], between: str = ", ") -> str:
    return between.join(context.parent[PRINTER].tongue.write(one) for one in value)


def _length(value: Any) -> int:
    return len(value)


def _first(value: Any) -> Any:
    return next(iter(value), Missing(name="first"))


def _last(value: Any) -> Any:
    return list(value)[-1] if len(value) else Missing(name="last")


FILTERS: Mapping[str, Callable[..., Any]] = {
    "date": _written(Tongue.day),
    "time": _written(Tongue.hour),
    "datetime": _written(Tongue.moment),
    "money": _written(Tongue.money),
    "number": _written(Tongue.number),
    "percent": _written(Tongue.percent),
    "default": _default,
    "upper": _texted(str.upper),
    "lower": _texted(str.lower),
    "capitalize": _texted(str.capitalize),
    "title": _texted(str.title),
    "trim": _texted(str.strip),
    "join": _join,
    "length": _length,
    "first": _first,
    "last": _last,
}

TESTS = ("defined", "undefined", "odd", "even", "in")


def make_sandbox() -> Sandbox:
    """The one environment in which every text is compiled. Values escape where they are put into HTML, not here."""
    sandbox = Sandbox(undefined=Missing, finalize=_shown, autoescape=False)
    sandbox.globals.clear()
    known = sandbox.tests
    sandbox.filters = dict(FILTERS)
    sandbox.tests = {name: known[name] for name in TESTS}
    return sandbox


SANDBOX = make_sandbox()
