"""What a text may not do, found before anything is sent, with the place of the very words."""

import pytest

from engine.render import Variable, compile_message, elements, variables
from engine.render.check import check
from tests.render.mails import message, text

HOSTILE = [
    "{{ ''.__class__.__mro__ }}",
    "{{ customer.__class__ }}",
    "{{ customer._private }}",
    "{{ customer['tier'] }}",
    "{{ customer | attr('__class__') }}",
    "{{ customer.items() }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ range(100000) }}",
    "{{ lipsum(n=100000) }}",
    "{{ self.__init__ }}",
    "{{ 'a' ~ 'b' }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 'x' % 9 }}",
    "{{ 9 // 2 }}",
    "{{ 'a' | center(1000000000) }}",
    "{{ 'a' | indent(1000000000) }}",
    "{{ 'aa' | replace('a', 'aaaaaaaa') }}",
    "{{ '%1000000000d' | format(1) }}",
    "{{ customer.tags | map('upper') }}",
    "{{ customer.first_name | safe }}",
    "{{ [1, 2, 3] }}",
    "{{ {'a': 1} }}",
    "{{ (1, 2) }}",
    "{{ customer.tags[0:9] }}",
    "{{ customer.tier is callable }}",
    "{{ _printer }}",
    "{{ loop.previtem }}",
    "{{ caller() }}",
    "{{ customer.first_name.upper() }}",
    "{% set x = 1 %}",
    "{% set x %}a{% endset %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import path %}",
    "{% extends 'base' %}",
    "{% block a %}x{% endblock %}",
    "{% macro m() %}{{ m() }}{% endmacro %}",
    "{% call m() %}x{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a = 1 %}x{% endwith %}",
    "{% for x in 'aaaa' %}x{% endfor %}",
    "{% for x in range(9) %}x{% endfor %}",
    "{% for x in a.b recursive %}{{ loop(x) }}{% endfor %}",
    "{% for a, b in c.d %}x{% endfor %}",
    "{% for a in x.y %}{% for b in x.y %}{% for c in x.y %}x{% endfor %}{% endfor %}{% endfor %}",
]


@pytest.mark.parametrize("body", HOSTILE)
def test_what_is_not_allowed_is_refused_before_it_runs(body: str) -> None:
    assert isinstance(compile_message(message(body)), list)
    assert isinstance(compile_message(message("x", subject=body)), list)


@pytest.mark.parametrize(
    ("body", "rule", "line", "column", "width", "said"),
    [
        ("Hi\nYou {{ a b }} now", "template-syntax", 5, 5, 9, "`{{ a b }}` cannot be read"),
        ("Hi {{ a.b", "template-syntax", 4, 4, 6, "`{{` is never closed"),
        ("{{ }}", "template-syntax", 4, 1, 5, "`{{ }}` cannot be read"),
        ("{% iff a.b %}x{% endif %}", "template-syntax", 4, 4, 3, "there is no tag `iff`"),
        ("Hi\n{% if a.b %}\nx\n", "template-syntax", 5, 1, 12, "`{% if %}` is never closed"),
        ("{% if a.b %}{% for c in d.e %}x{% endif %}", "template-syntax", 4, 13, 18, "`{% for %}` is never closed"),
        ("x {% endif %}", "template-syntax", 4, 6, 5, "`{% endif %}` belongs to nothing"),
        ("x {% else %}", "template-syntax", 4, 6, 4, "`{% else %}` belongs to nothing"),
        ("Hi {{ a.b | dat }}", "unknown-filter", 4, 13, 3, "there is no filter `dat`"),
        (
            "{{ a.b | safe }}",
            "unsafe-filter",
            4,
            10,
            4,
            "`safe` would let what customers typed become part of the page",
        ),
        ("{% set a = 1 %}", "not-in-a-text", 4, 4, 3, "`{% set %}` is not part of message texts"),
        ("a\n\nb {{ x['y'] }}", "not-in-a-text", 6, 6, 6, "a text reads values by plain names, without brackets"),
        (
            "{% for e in events %}{{ e.a }}{% endfor %}{{ events[0].product }}",
            "not-in-a-text",
            4,
            46,
            9,
            "a text reads values by plain names, without brackets",
        ),
        ("{{ a.b }} {{ a.b[c.d] }}", "not-in-a-text", 4, 14, 8, "a text reads values by plain names, without brackets"),
        ("{{ a.b[1:2] }}", "not-in-a-text", 4, 1, 14, "a text reads values by plain names, without brackets"),
        ("{{ a.__b }}", "not-in-a-text", 4, 4, 5, "`a.__b`: no name begins with `_`"),
        ("{% if a.b is callable %}x{% endif %}", "unknown-test", 4, 14, 8, "a text cannot ask `is callable`"),
        ("[shop](/cart)", "bad-link", 4, 8, 5, "a mail cannot link to `/cart`"),
        ("[x](javascript:alert(1))", "bad-link", 4, 5, 18, "a mail cannot link to `javascript:alert(1`"),
        ("a zq1jz", "reserved", 4, 3, 3, "`zq1` cannot be part of a text"),
        (
            "{{ a.b | default(value='x') }}",
            "not-in-a-text",
            4,
            10,
            7,
            "the arguments of `default` are written without names",
        ),
    ],
)
def test_the_place_of_a_mistake(body: str, rule: str, line: int, column: int, width: int, said: str) -> None:
    (problem,) = check(message(body))
    place = problem.place
    assert (problem.rule, place.line, place.column, place.width, problem.text) == (rule, line, column, width, said)


def test_help_names_the_nearest_word() -> None:
    assert check(message("{{ a.b | dat }}"))[0].helps == ("did you mean `date`?",)
    assert check(message("{% iff a.b %}{% endif %}"))[0].helps == ("did you mean `if`?",)


def test_mistakes_of_all_parts_in_the_order_of_the_file() -> None:
    problems = check(message("{{ d.e | f }}", subject="{{ a.b | safe }}", preheader="{{ c }"))
    assert [(one.rule, one.place.line, one.place.column) for one in problems] == [
        ("unsafe-filter", 2, 19),
        ("template-syntax", 3, 12),
        ("unknown-filter", 5, 10),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "{{ " + "(" * 3000 + "a" + ")" * 3000 + " }}",
        "{{ " + "(" * 140 + "a" + ")" * 140 + " }}",
        "{{ " + "not " * 70 + "a }}",
        "{{ " + "not " * 20000 + "a }}",
        "{{ " + "a + " * 20000 + "a }}",
        "{% if a %}" * 19 + "{{ a.b.c.d.e.f.g.h }}" + "{% endif %}" * 19,
        "{% if a %}" * 120 + "x" + "{% endif %}" * 120,
        "{% if a %}" * 4000 + "x" + "{% endif %}" * 4000,
        "{{ a" + " | upper" * 30 + " }}",
    ],
)
def test_nesting_without_end_is_a_problem_or_fine_but_no_crash(body: str) -> None:
    compiled = compile_message(message(body))
    if isinstance(compiled, list):
        assert [problem.rule for problem in compiled] in (["template-syntax"], ["too-long"], ["not-in-a-text"])
    variables(message(body))


@pytest.mark.parametrize("body", ["zq1jz", "zq1j{{ a }}", "zq{# #}1jz", "z{# #}q1jz", "zq{% if a %}1jz{% endif %}"])
def test_no_text_can_pose_as_a_slot(body: str) -> None:
    assert [problem.rule for problem in check(message(body))] == ["reserved"]


def test_names_in_words_strings_and_comments_are_no_variables() -> None:
    found = variables(
        message(
            "a.b {# c.d #} {{ e.f | default('g.h') }} {{ e.f }}\n{% if i.j == 'e.f' %}{{ k }}{% endif %}", "{{ s.t }}"
        )
    )
    assert found == [
        Variable("s.t", 2, 13, 3),
        Variable("e.f", 4, 18, 3),
        Variable("e.f", 4, 45, 3),
        Variable("i.j", 5, 7, 3),
        Variable("k", 5, 25, 1),
    ]


def test_what_a_loop_binds_is_no_variable() -> None:
    body = "{% for line in event.lines %}{{ loop.index }} {{ line.name }} {{ gift.code }}{% endfor %}{{ line.name }}"
    assert [one.name for one in variables(message(body))] == ["event.lines", "gift.code", "line.name"]


def test_the_place_of_a_variable_in_the_subject_counts_in_the_file() -> None:
    (found,) = variables(message("x", subject="For {{ customer.cod }}"))
    assert (found.line, found.column, found.width) == (2, 17, 12)


def test_a_broken_text_has_no_variables() -> None:
    assert variables(message("{{ a b }}")) == []


def test_what_is_allowed_works() -> None:
    body = (
        "{% for tag in customer.tags %}{{ loop.index }}{% if not loop.last %}{{ tag | upper }},{% else %}"
        "{{ tag }}{% endif %}{% endfor %} {{ customer.points + 3 * 2 - 1 }} {{ 'x' if 'tea' in customer.tags else 'y' }}"
        "{% if customer.tier == 'gold' and customer.points >= 7 %} rich{% endif %} {{ customer.tags | join(' and ') }}"
        " {{ customer.tags | length }} {{ customer.tags | first }} {{ customer.tags | last }}"
        " {{ ' a ' | trim | title }}"
    )
    assert text(body) == "1TEA,2green 12 x rich tea and green 2 tea green A"


def test_raw_text_stays_raw() -> None:
    assert text("{% raw %}{{ 7 * 7 }}{% endraw %}") == "{{ 7 * 7 }}"


def test_members_of_a_loop_are_known_with_their_list() -> None:
    found = message("{% for one in customer.picks %}{{ one.title }}{{ loop.index }}{% endfor %}")
    assert [(one.name, one.of) for one in elements(found)] == [("one.title", "customer.picks")]
    assert [one.name for one in variables(found)] == ["customer.picks"]
