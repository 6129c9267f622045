"""Mails as customers get them; and customers' data that tries to be more than data."""

from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.render import Content, MailHeaders, Money, Template, Unrenderable, build_mail, render
from engine.render.limits import Beyond
from tests.render.mails import BRAND, CONTEXT, SHANGHAI, mail, message, sheet, template, text

UNSUBSCRIBE = "https://shop.example/u/token"


class _Page(HTMLParser):
    """The tags of a page, its links and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.said = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.said += data


def test_markdown_becomes_html_with_the_css_in_it() -> None:
    html = sheet("# Hi {{ customer.first_name }}\n\nYour **code**: `{{ gift.code }}`")
    assert html.startswith('<h1 style="')
    assert ">Hi Mei</h1>" in html
    assert ">A_B*C</code>" in html
    assert "class=" not in html.replace('class="text"', "")


def test_the_text_part_reads_well() -> None:
    body = (
        "# Hello\n\nOne [page](https://a.example/x) and **[Go](https://a.example)**\n\n**[Shop now](https://a.example)**\n\n"
        "<https://b.example>\n\n- a\n- b *c*\n  - d\n\n3. e\n4. f\n\n> g\n\n| h | i |\n|---|---|\n| j | k |\n\n"
        "```\nl\n  m\n```\n\n---\n\nBye,\nus"
    )
    assert text(body) == (
        "Hello\n\nOne page <https://a.example/x> and Go <https://a.example>\n\nShop now: https://a.example\n\n"
        "https://b.example\n\n- a\n- b c\n  - d\n\n3. e\n4. f\n\ng\n\nh  i\nj  k\n\nl\n  m\n\n"
        "--------------------\n\nBye,\nus"
    )


@pytest.mark.parametrize(
    "body", ["[Go](https://a.example)", "**[Go](https://a.example)**", "a\n\n[*Go*](https://a.example)\n\nb"]
)
def test_a_link_alone_in_its_paragraph_is_a_button(body: str) -> None:
    assert mail(body).html.count('class="button"') == 1


@pytest.mark.parametrize(
    "body",
    [
        "See [this](https://a.example)",
        "**[this](https://a.example)** now",
        "[a](https://a.example) [b](https://b.example)",
        "- [a](https://a.example)",
        "<https://a.example>",
        "# [a](https://a.example)",
        "",
    ],
)
def test_other_links_are_none(body: str) -> None:
    assert 'class="button"' not in mail(f"{body}\n\nx").html


def test_lines_of_tags_are_no_lines_but_a_tag_in_a_line_keeps_its_break() -> None:
    body = (
        "Dear {% if customer.tier %}friend{% endif %}\n\n"
        "  {% if customer.tier %}  \none\n{# a note #}\n{% endif %}{% if gift.none %}\nno\n{% endif %}\n"
        "two\n\nthree {% if customer.tier %}\n"
        "four{% endif %}\nfive\n{% if gift.none %}\nsix\n{% endif %}"
    )
    assert text(body) == "Dear friend\n\none\ntwo\n\nthree\nfour\nfive"


def test_branches_and_loops_shape_lists() -> None:
    body = "{% for line in event.lines %}\n- {{ line.name }}: {{ line.total }}\n{% endfor %}\n\n"
    body += "{% if gift.none %}\nno\n{% endif %}\nend"
    assert text(body) == "- Oolong: €12.00\n- Assam: €9.00\n\nend"
    assert sheet(body).count("<li") == 2


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "March 31, 2026 | 1:00\u202fAM | €320.50 | 0.2 | 20%"),
        ("de", "31. März 2026 | 01:00 | 320,50 € | 0,2 | 20 %"),
        ("zh-CN", "2026年3月31日 | 01:00 | €320.50 | 0.2 | 20%"),
    ],
)
def test_values_print_by_locale_and_zone(language: str, said: str) -> None:
    body = "{{ gift.expires_at | date }} | {{ gift.expires_at | time }} | {{ event.total }}"
    body += " | {{ 0.2 | number }} | {{ 0.2 | percent }}"
    assert text(body, language=language).replace("\xa0", " ") == said


def test_values_print_themselves_without_a_filter() -> None:
    context = {
        "a": {
            "day": date(2026, 3, 31),
            "moment": datetime(2026, 3, 30, 17, tzinfo=UTC),
            "yes": True,
            "tags": ("x", "y"),
        }
    }
    assert text("{{ a.day }} | {{ a.moment }} | {{ a.yes }} | {{ a.tags }} | {{ 3 }}", context, "zh-CN") == (
        "2026年3月31日 | 2026年3月31日 01:00 | 是 | x和y | 3"
    )


def test_money_compares_in_the_main_unit() -> None:
    assert text("{% if event.total > 320 and event.total <= 320.5 and event.total != 321 %}yes{% endif %}") == "yes"


@pytest.mark.parametrize("value", [None, "", "absent"])
def test_a_missing_value_is_false_in_tests_and_has_defaults_but_is_never_printed(value: Any) -> None:
    context = {"customer": {} if value == "absent" else {"first_name": value}}
    body = (
        "{% if customer.first_name or customer.first_name == 'x' or customer.first_name > 3 %}a{% else %}b{% endif %}"
    )
    assert text(body, context) == "b"
    assert text("{{ customer.first_name | default('friend') }}", context) == "friend"
    assert text("{% for x in customer.first_name %}{{ x }}{% endfor %}.", context) == "."
    for printed in (
        "{{ customer.first_name }}",
        "{{ customer.first_name | upper }}",
        "{{ customer.first_name | date }}",
    ):
        with pytest.raises(
            Unrenderable, match=r"messages/thanks/en\.md:5: this customer has no `customer\.first_name`"
        ):
            mail(f"Hello\n{printed}", context)


def test_a_scope_that_is_not_there_is_missing_as_a_whole() -> None:
    assert text("{% if gift.code %}a{% endif %}b", {}) == "b"
    with pytest.raises(Unrenderable, match=r"no `gift\.code`"):
        mail("{{ gift.code }}", {})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{{ customer.first_name | date }}", "`date` needs a date"),
        ("{{ customer.first_name | money }}", "`money` needs a number"),
        ("{{ gift.expires_at | date(customer.tier) }}", "`gold` is not a length of a date"),
        ("{{ customer.points / 0 }}", "do not go together"),
        ("{{ customer.first_name * 1000000000 }}", "`*` works on numbers only"),
        ("{{ customer.first_name + customer.tier }}", "`+` works on numbers only"),
        ("{% if customer.points > customer.tier %}x{% endif %}", "do not go together"),
        ("{{ customer }}", "not one value"),
        ("{{ customer.points | length }}", "do not go together"),
    ],
)
def test_what_does_not_fit_is_an_error_with_its_line(body: str, said: str) -> None:
    with pytest.raises(Unrenderable, match=r"^messages/thanks/en\.md:6: ") as error:
        mail(f"a\nb\n{body}")
    assert said in str(error.value)
    assert error.value.problem.place.line == 6


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</title></td></table><h1>x",
    '"><a href="https://evil.example">',
    "[click](https://evil.example)",
    "**bold** _it_ `code` # h",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "    indented",
    "```",
    "---",
    "| a | b |",
    "![x](https://evil.example/pixel.png)",
    "<https://evil.example>",
    "&lt;b&gt; &amp; &#123;",
    "\\*not\\*",
    "{{7*7}}",
    "{% raw %}{{ customer }}{% endraw %}",
    "{# note #}",
    "{% for x in range(10**9) %}x{% endfor %}",
    "zq0jz zq5jz zq6jz",
    "'; DROP TABLE customers; --",
    "${7*7} %s %(x)s {0} \\1 \\g<0>",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    "body", ["Hello {{ customer.first_name }}!", "{% if customer.first_name %}\n{{ customer.first_name }}\n{% endif %}"]
)
def test_customers_data_is_only_ever_text(value: str, body: str) -> None:
    content = mail(body, {"customer": {"first_name": value}}, subject="{{ customer.first_name }}")
    harmless = mail(body, {"customer": {"first_name": "Mei"}}, subject="{{ customer.first_name }}")
    page, plain = _Page(content.html), _Page(harmless.html)
    assert page.tags == plain.tags
    assert page.links == plain.links
    assert value in page.said
    assert value in content.text
    assert content.subject == value.strip()


@given(st.text(min_size=1, max_size=60))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_no_text_at_all_changes_the_page(value: str) -> None:
    compiled = template(
        "Hello **{{ customer.first_name | default('x') }}**,"
        " [go](https://a.example/{{ customer.first_name | default('x') }})"
    )
    said = [
        render(compiled, {"customer": {"first_name": one}, "brand": BRAND}, "en", SHANGHAI, "EUR")
        for one in (value, "Mei")
    ]
    assert _Page(said[0].html).tags == _Page(said[1].html).tags
    assert "\n" not in said[0].subject


@pytest.mark.parametrize(
    "value", ["a\r\nBcc: evil@example.com", "a\x00b", "a\x0bb", "a\u2028b\u2029c", "a\u202eb\u2066c", "a\ud800b"]
)
def test_control_and_direction_characters_are_gone(value: str) -> None:
    content = mail(
        "{{ customer.first_name }}", {"customer": {"first_name": value}}, subject="Hi {{ customer.first_name }}"
    )
    for said in (content.subject, content.text, _Page(content.html).said):
        assert not any(letter in said for letter in "\r\x00\x0b\u2028\u2029\u202e\u2066\ud800")
    assert "\n" not in content.subject
    headers = MailHeaders("s@example.com", "c@example.com", "<1@example.com>", datetime(2026, 1, 1, tzinfo=UTC))
    assert message_from_bytes(build_mail(content, headers), policy=policy.default)["Bcc"] is None


def test_a_subject_is_cut_where_it_is_endless() -> None:
    assert (
        len(mail("x", {"customer": {"first_name": "a" * 10_000}}, subject="{{ customer.first_name }}").subject) == 255
    )


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " data:text/html,x",
        "//evil.example",
        "/x",
        "vbscript:x",
        "file:///etc/passwd",
        "https:",
        "x",
    ],
)
def test_a_link_that_is_a_value_leads_to_the_web_mail_or_telephone_only(url: str) -> None:
    with pytest.raises(Unrenderable, match="not an address for a link"):
        mail("[go]({{ gift.url }})", {"gift": {"url": url}})


@pytest.mark.parametrize(
    ("body", "value", "link"),
    [
        ("[go]({{ a.b }})", "https://x.example/a?b=c&d=é#f", "https://x.example/a?b=c&d=%C3%A9#f"),
        ("[go]({{ a.b }})", "mailto:mei@example.com", "mailto:mei@example.com"),
        ("[go]({{ a.b }}/cart)", "https://x.example", "https://x.example/cart"),
        ("[go]({{ a.b }})", 'https://x.example/"onmouseover="x', "https://x.example/%22onmouseover=%22x"),
        ("[go](https://x.example/{{ a.b }})", "a b/ü?c#d&e", "https://x.example/a%20b/%C3%BC%3Fc%23d%26e"),
        (
            "[go](https://x.example/?q={{ a.b }}&r=1)",
            "javascript:1&s=2",
            "https://x.example/?q=javascript%3A1%26s%3D2&r=1",
        ),
        ("[go]({{ a.b | trim }})", "https://x.example", "https://x.example"),
        ("![logo]({{ a.b }})", "https://x.example/l.png", "https://x.example/l.png"),
    ],
)
def test_values_in_links_are_encoded_for_their_place(body: str, value: str, link: str) -> None:
    assert link in _Page(mail(body, {"a": {"b": value}}).html).links


def test_marketing_mail_has_the_address_and_the_way_out_in_the_customers_language() -> None:
    for language, way_out in (("en", "Unsubscribe"), ("de", "Abmelden"), ("zh-TW", "取消訂閱"), ("nl", "Unsubscribe")):
        content = render(template("x", language=language), CONTEXT, language, SHANGHAI, "EUR", UNSUBSCRIBE)
        assert f"{way_out}: {UNSUBSCRIBE}" in content.text
        assert BRAND["address"] in content.text
        page = _Page(content.html)
        assert UNSUBSCRIBE in page.links
        assert way_out in page.said
        assert BRAND["address"] in page.said
        assert f'<html lang="{language}" dir="ltr">' in content.html


def test_mail_that_is_not_marketing_has_no_way_out() -> None:
    assert "nsubscribe" not in mail("x").html + mail("x").text


def test_arabic_is_written_from_the_right() -> None:
    assert '<html lang="ar" dir="rtl">' in mail("x", language="ar").html


def test_a_fallback_text_keeps_its_own_language_and_a_regional_one_its_customs() -> None:
    compiled = template("{{ event.total }}", language="de")
    said = {
        tag: render(compiled, CONTEXT, tag, SHANGHAI, "EUR").text.split("\n")[0].replace("\xa0", " ")
        for tag in ("de-AT", "fr")
    }
    assert said == {"de-AT": "€ 320,50", "fr": "320,50 €"}


def test_the_preheader_is_there_and_not_seen() -> None:
    content = render(template("x", preheader="For {{ customer.first_name }}"), CONTEXT, "en", SHANGHAI, "EUR")
    assert content.preheader == "For Mei"
    assert 'class="preheader" style="display: none;' in content.html
    assert "For Mei" not in content.text


def test_a_website_that_is_no_address_is_left_out() -> None:
    brand = BRAND | {"website": "shop.example"}
    assert _Page(mail("x", {"brand": brand}).html).links == []


def test_html_of_authors_is_shown_not_obeyed() -> None:
    assert "<script" not in unchecked("<script>alert(1)</script>").html
    assert "<b>" not in mail("<b>today</b>").html


def test_nothing_is_fetched_while_css_is_inlined() -> None:
    html = unchecked('<link rel="stylesheet" href="https://evil.example/x.css">').html
    assert "<link" not in html


def unchecked(body: str) -> Content:
    """The mail of a text that nobody has looked at."""
    return render(Template(message(body)), CONTEXT, "en", SHANGHAI, "EUR")


def test_one_customers_mail_never_has_another_customers_data() -> None:
    compiled = template(
        "{{ customer.first_name }} {{ customer.city | default('-') }}", subject="{{ customer.first_name }}"
    )
    first = {"customer": {"first_name": "Anna-canary", "city": "Rome-canary"}}
    second = {"customer": {"first_name": "Mei"}}
    render(compiled, first, "en", SHANGHAI, "EUR")
    said = render(compiled, second, "en", ZoneInfo("UTC"), "EUR")
    assert "canary" not in said.subject + said.text + said.html
    assert Money(1, "EUR") != Money(1, "USD")


def test_a_mail_without_end_is_refused() -> None:
    body = "{% for a in c.many %}{% for b in c.many %}{{ a }}{% endfor %}{% endfor %}"
    with pytest.raises(Unrenderable, match="more than 2,000 values"):
        mail(body, {"c": {"many": ["x"] * 10_000}})
    with pytest.raises(Beyond, match="the text of thanks/en became longer than 1 MiB"):
        mail(body, {"c": {"many": ["x" * 1000] * 33}})
    with pytest.raises(Beyond, match="the text of thanks/en became longer than 1 MiB"):
        mail(body.replace("{{ a }}", "Oolong"), {"c": {"many": ["x"] * 10_000}})
