"""The mail of the full outbox as other programs take it: templates of Jinja or Django, and the values as texts."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.outboxes import MAIL, code, person, seen
from engine.render import Message, Money, Template, compile_message, parse_message, render

#: The fields of a customer that the mail shows, in the spelling of the other programs' templates.
_SHOWN = (
    "first_name", "last_name", "member_since", "orders_count", "lifetime_spend", "last_order_at", "points",
    "points_expire_on", "account_manager", "company", "id", "email",
)  # fmt: skip


def template() -> Template:
    """The text of the mail."""
    message = parse_message("messages/seen/en.md", MAIL)
    assert isinstance(message, Message), message
    made = compile_message(message)
    assert isinstance(made, Template), made
    return made


def plain_templates() -> dict[str, str]:
    """Subject, text and page of the mail as a template of Jinja or Django has them, our layout and its CSS around them.

    The mail is written once with marks in place of the values, which then become the template's variables; what is
    formatted here (dates, money) those programs get formatted.
    """
    marks = {name: f"QX{number:02}QX" for number, name in enumerate((*_SHOWN, "expires", "code"))}
    customer: dict[str, Any] = {name: marks[name] for name in _SHOWN} | {"tier": "gold"}
    dates = {name: date(2031 + n, 1, 1) for n, name in enumerate(n for n in _SHOWN if isinstance(person(0)[n], date))}
    customer |= dates | {"lifetime_spend": Money(123_456_789, "CNY")}
    looked = [{"product": "QXproductQX", "title": "QXtitleQX"}]
    context = {"customer": customer, "events": looked, "event": looked[0]}
    offer = {"code": marks["code"], "expires_at": date(2055, 1, 1)}
    brand = {"name": "Pine & Jasmine Tea House", "address": "18 Wukang Road", "website": "https://tea.example.com"}
    url = "https://tea.example.com/letters/0123456789"
    written = render(template(), {**context, "offer": offer, "brand": brand}, "en", ZoneInfo("UTC"), "CNY", url)
    known = {f"{one:%B} {one.day}, {one.year}": name for name, one in dates.items()}
    known |= {"January 1, 2055": "expires", "CN¥1,234,567.89": "lifetime_spend"} | {marks[name]: name for name in marks}
    return {
        "subject": _with_variables(written.subject, known),
        "text": _with_loop(_with_variables(written.text, known), "- "),
        "html": _with_loop(_with_variables(written.html, known), "<li"),
    }


def _with_variables(text: str, known: Mapping[str, str]) -> str:
    for shown, name in known.items():
        text = text.replace(shown, f"{{{{ customer.{name} }}}}")
    return text.replace("QXtitleQX", "{{ one.title }}").replace("QXproductQX", "{{ one.product }}")


def _with_loop(text: str, begins: str) -> str:
    """The one entry of the list as a loop over the products."""
    start = text.rindex(begins, 0, text.index("{{ one.title }}"))
    end = text.index("</li>", start) + 5 if begins == "<li" else text.index("\n", start) + 1
    return f"{text[:start]}{{% for one in products %}}{text[start:end]}{{% endfor %}}{text[end:]}"


def plain_context(number: int) -> dict[str, Any]:
    """The values for those templates, all of them texts."""
    one = person(number)
    shown = {name: f"{one[name]:%B %d, %Y}" if isinstance(one[name], date) else str(one[name]) for name in _SHOWN}
    shown |= {
        "lifetime_spend": f"CN¥{one['lifetime_spend'] / 100:,.2f}",
        "expires": "June 19, 2026",
        "code": code(number),
    }
    return {"customer": shown, "products": seen(number)}
