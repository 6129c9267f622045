"""A message made ready: its problems are known, and each mail costs one pass of Jinja and a look-up."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import islice
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Template as JinjaTemplate
from jinja2 import TemplateError, Undefined, UndefinedError

from engine.render.check import check, variables
from engine.render.layout import Sheet
from engine.render.limits import LONGEST, TOO_LONG, Beyond
from engine.render.markdown import to_text
from engine.render.message import Message, Part
from engine.render.places import place
from engine.render.sandbox import PRINTER, SANDBOX
from engine.render.shelf import Shelf
from engine.render.slots import BadLink, is_link, shape_of, slot
from engine.render.values import Tongue, plain
from engine.render.wire import dumped_message
from engine.source.problem import Place, Problem

_LONGEST_SUBJECT = 255
_MOST_VALUES = 2000
# A line of tags and comments only is no line of the mail, while a tag at the end of a sentence keeps its line break:
# Jinja's own trimming knows no difference. The mark cannot be in a text, and keeps the count of lines for errors.
_GONE = "\x1f"
_LINE_OF_TAGS = re.compile(r"^[ \t]*((?:(?:\{%(?:(?!%\}).)*%\}|\{#(?:(?!#\}).)*#\})[ \t]*)+)$", re.MULTILINE)
_SHELF = Shelf(room=16 * 2**20)
_AT_ONCE = 1000  # pieces that are joined before it is asked how long the text is by now


@dataclass(frozen=True)
class Content:
    """What one customer is told."""

    subject: str
    text: str
    html: str
    preheader: str = ""


class Unrenderable(ValueError):
    """A mail that cannot be written for this customer; `problem` has the place in the message."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.place.file}:{problem.place.line}: {problem.text}")
        self.problem = problem


class _Line:
    """Prints values straight into a line: subject and preheader."""

    __slots__ = ("tongue",)

    def __init__(self, tongue: Tongue) -> None:
        self.tongue = tongue

    def show(self, value: Any) -> str:
        return _written(self.tongue, value)


class _Body:
    """Prints a slot for each value and keeps the value, so that Markdown never sees it."""

    __slots__ = ("tongue", "values")

    def __init__(self, tongue: Tongue, values: list[str]) -> None:
        self.tongue = tongue
        self.values = values

    def show(self, value: Any) -> str:
        if len(self.values) > _MOST_VALUES:
            raise ValueError(f"the mail would print more than {_MOST_VALUES:,} values")
        self.values.append(_written(self.tongue, value))
        return slot(len(self.values) - 1)


@dataclass(frozen=True)
class Template:
    """A message whose texts can be rendered. They are compiled where the first mail of it is written."""

    message: Message

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that the texts read from their context: `customer.first_name`, `gift.code`."""
        return frozenset(one.name for one in variables(self.message))

    @cached_property
    def reads(self) -> Mapping[str, frozenset[str] | None]:
        """By the word before the dot, the fields that the texts read of it; None where they take it as a whole."""
        words = {name.partition(".")[0] for name in self.names}
        fields = {name.split(".")[1] for name in self.names if "." in name}
        return {
            word: None
            if word in self.names
            else frozenset(one for one in fields if any(name.split(".")[:2] == [word, one] for name in self.names))
            for word in words
        }

    @cached_property
    def key(self) -> str:
        """What identifies the texts: those of another revision may be the same."""
        return sha256(dumped_message(self.message)).hexdigest()

    @cached_property
    def parts(self) -> Mapping[Part, JinjaTemplate]:
        """The texts compiled."""
        body = self.message.body
        return {
            part: SANDBOX.from_string(_LINE_OF_TAGS.sub(rf"\1{_GONE}", part.text) if part is body else part.text)
            for part in self.message.parts
        }


def compile_message(message: Message) -> Template | list[Problem]:
    """The template of a message, or everything that is wrong with its texts."""
    return check(message) or Template(message)


def render(
    template: Template,
    context: Mapping[str, Any],
    locale: str,
    zone: ZoneInfo,
    currency: str,
    unsubscribe_url: str | None = None,
) -> Content:
    """Writes the mail for one customer.

    `context` holds plain mappings by scope: `customer`, `event`, results such as `gift`, and `brand` with name, address
    and website. Values are `Money`, aware `datetime`, `date`, text, numbers, yes/no and tuples of these; None, "" and
    what is not there are missing. `locale` is the customer's language. With `unsubscribe_url` the mail is marketing.
    Raises `Unrenderable`: a missing value was to be printed, a value is no address for a link, a filter does not fit;
    and `Beyond` for a mail that is too long.
    """
    message = template.message
    if message.subject is None or message.body is None:
        raise _silent(message, "email")
    tongue = _tongue(message, locale, zone, currency)
    line = _Line(tongue)
    brand = context.get("brand", {})
    subject = _fill(template, message.subject, context, line).strip()[:_LONGEST_SUBJECT]
    preheader = ""
    if message.preheader is not None:
        preheader = _fill(template, message.preheader, context, line).strip()
    website, address = (plain(str(brand.get(name) or "")) for name in ("website", "address"))
    values = [subject, preheader, plain(str(brand.get("name") or "")), address, website, unsubscribe_url or ""]
    markdown = _fill(template, message.body, context, _Body(tongue, values))
    sheet = Sheet(message.language, bool(preheader), is_link(website), bool(address), unsubscribe_url is not None)
    html, text = _SHELF.shapes(_without_marks(markdown), sheet)
    try:
        content = Content(subject, text.fill_text(values), html.fill_html(values), preheader)
    except BadLink as error:
        raise Unrenderable(Problem(place(message, message.body, 1, 1, 1), "bad-link", str(error))) from None
    if len(content.html) > LONGEST:
        raise Beyond(message, TOO_LONG)
    return content


def render_plain(
    template: Template, channel: str, context: Mapping[str, Any], locale: str, zone: ZoneInfo, currency: str
) -> str:
    """The words of an SMS or a chat message for one customer; see `render`. Raises `Unrenderable`."""
    message = template.message
    part = message.sms if channel == "sms" else message.chat or message.body
    if part is None:
        raise _silent(message, channel)
    tongue = _tongue(message, locale, zone, currency)
    if part is not message.body:
        return _fill(template, part, context, _Line(tongue)).strip()
    values: list[str] = []
    markdown = _fill(template, part, context, _Body(tongue, values))
    return shape_of(to_text(_without_marks(markdown))).fill_text(values).strip()


def _silent(message: Message, channel: str) -> Unrenderable:
    text = f"`{message.id}` has no words for {channel} in `{message.language}`"
    return Unrenderable(Problem(Place(message.file, 1, 1), "no-words", text))


def _tongue(message: Message, locale: str, zone: ZoneInfo, currency: str) -> Tongue:
    # Who reads de-AT gets dates in the manner of Austria; who gets a fallback text, dates in its language.
    related = locale.split("-")[0] == message.language.split("-")[0]
    return Tongue(locale if related else message.language, zone, currency)


def _written(tongue: Tongue, value: Any) -> str:
    return tongue.write(str(value) if isinstance(value, Undefined) else value)


def _without_marks(markdown: str) -> str:
    return markdown.replace(f"{_GONE}\n", "").replace(_GONE, "")


def _fill(whole: Template, part: Part, context: Mapping[str, Any], printer: _Line | _Body) -> str:
    message, template = whole.message, whole.parts[part]
    try:
        return _joined(template.root_render_func(template.new_context({**context, PRINTER: printer})), message)
    except Beyond:
        raise
    except UndefinedError as error:
        line = _line_of(template, error.__traceback__)
        raise Unrenderable(_missing(message, part, line, str(error))) from None
    except (TemplateError, ValueError, TypeError, ArithmeticError) as error:
        line = _line_of(template, error.__traceback__)
        said = str(error) if isinstance(error, TemplateError | ValueError) else "these values do not go together"
        raise Unrenderable(Problem(place(message, part, line, 1, 1), "does-not-fit", said)) from None


def _joined(pieces: Iterator[str], message: Message) -> str:
    """What Jinja makes, piece by piece; ends with the text that becomes too long, before it is all there."""
    found = list(islice(pieces, _AT_ONCE))
    if len(found) < _AT_ONCE:
        text = "".join(found)
    else:
        text = ""
        while found and len(text) <= LONGEST:
            text += "".join(found)
            found = list(islice(pieces, _AT_ONCE))
    if len(text) > LONGEST:
        raise Beyond(message, TOO_LONG)
    return text


def _missing(message: Message, part: Part, line: int, word: str) -> Problem:
    where = part.line + line - 1
    named = [one for one in variables(message) if one.line == where and one.name.split(".")[-1] == word]
    name = named[0].name if named else word
    at = place(message, part, line, 1, 1)
    help_ = f"write  {{{{ {name} | default('…') }}}}  or  {{% if {name} %}}"
    return Problem(at, "missing-value", f"this customer has no `{name}`", (help_,))


def _line_of(template: JinjaTemplate, traceback: TracebackType | None) -> int:
    lines = [frame.tb_lineno for frame in _frames(traceback) if frame.tb_frame.f_code.co_filename == "<template>"]
    return template.get_corresponding_lineno(lines[-1]) if lines else 1


def _frames(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next
