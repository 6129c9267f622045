"""Short ways to a message and its mail, for the tests of this folder."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.render import Content, Message, Money, Template, compile_message, parse_message, render

BRAND = {"name": "Fine Teas", "address": "Hauptstraße 1, 10115 Berlin", "website": "https://shop.example"}
CONTEXT: Mapping[str, Any] = {
    "customer": {"first_name": "Mei", "tags": ("tea", "green"), "tier": "gold", "points": 7},
    "event": {
        "total": Money(32050, "EUR"),
        "lines": ({"name": "Oolong", "total": Money(1200, "EUR")}, {"name": "Assam", "total": Money(900, "EUR")}),
    },
    "gift": {"code": "A_B*C", "expires_at": datetime(2026, 3, 30, 17, 0, tzinfo=UTC)},
    "brand": BRAND,
}
SHANGHAI = ZoneInfo("Asia/Shanghai")


def message(body: str, subject: str = "Hello", language: str = "en", preheader: str | None = None) -> Message:
    """The message with these texts; its body begins in line 4, or 5 with a preheader."""
    more = f"preheader: {preheader}\n" if preheader else ""
    parsed = parse_message(f"messages/thanks/{language}.md", f"---\nsubject: {subject}\n{more}---\n{body}")
    assert isinstance(parsed, Message), parsed
    return parsed


def template(body: str, subject: str = "Hello", language: str = "en", preheader: str | None = None) -> Template:
    """The same, compiled."""
    compiled = compile_message(message(body, subject, language, preheader))
    assert isinstance(compiled, Template), compiled
    return compiled


def mail(body: str, context: Mapping[str, Any] = CONTEXT, subject: str = "Hello", language: str = "en") -> Content:
    """The mail for a customer in Shanghai who reads the language of the message."""
    return render(template(body, subject, language), {"brand": BRAND, **context}, language, SHANGHAI, "EUR")


def text(body: str, context: Mapping[str, Any] = CONTEXT, language: str = "en") -> str:
    """The text part of a mail, without its foot."""
    return mail(body, context, language=language).text.partition("\n\n-- \n")[0]


def sheet(body: str, context: Mapping[str, Any] = CONTEXT) -> str:
    """The HTML between the brand's name and the foot."""
    html = mail(body, context).html
    begin = html.index('<td class="text"')
    return html[html.index(">", begin) + 1 : html.index('</td></tr><tr><td class="foot"')]
