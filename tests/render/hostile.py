"""Texts of authors who want more than to write: each with what becomes of it, and what customers type to the same end."""

from typing import NamedTuple

#: Names of rules by which a text is refused before it is merged.
WRONG, SYNTAX, FILTER, TEST, SAFE, LONG, LINK, HTML, WORDS = (
    "not-in-a-text", "template-syntax", "unknown-filter", "unknown-test", "unsafe-filter", "too-long", "bad-link", "html",
    "filter-argument",
)  # fmt: skip


class Refused(NamedTuple):
    """A text that no check lets pass. Whatever a sandbox alone would make of it is tried as well."""

    name: str
    body: str
    rule: str


REFUSED = [
    # Roads to Python's objects that led out of sandboxes
    Refused("the class of a text", "{{ ''.__class__.__mro__[1].__subclasses__() }}", WRONG),
    Refused("the class of a list", "{{ [].__class__.__base__ }}", WRONG),
    Refused("the class of a tuple", "{{ ().__class__.__bases__[0].__subclasses__() }}", WRONG),
    Refused("the class of a field", "{{ customer.__class__ }}", WRONG),
    Refused("a private member", "{{ customer._secret }}", WRONG),
    Refused("CVE-2016-10745: format", "{{ '{0.__class__}'.format(customer) }}", WRONG),
    Refused("CVE-2019-10906: format_map", "{{ '{a.__class__}'.format_map(customer) }}", WRONG),
    Refused("CVE-2024-22195, CVE-2024-34064: xmlattr", "{{ {'onload=x ': 1} | xmlattr }}", FILTER),
    Refused("CVE-2024-56326: a reference to format", "{{ ['{0.__class__}'.format] | map('call') }}", FILTER),
    Refused("CVE-2024-56326: passed to a block", "{% set f = ''.format %}{{ f(customer) }}", WRONG),
    Refused("CVE-2025-27516: attr", "{{ '{0.__class__}' | attr('format') }}", FILTER),
    Refused("attr, written in hex", "{{ '' | attr('\\x5f\\x5fclass\\x5f\\x5f') }}", FILTER),
    Refused("brackets, written in hex", "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}", WRONG),
    Refused("brackets", "{{ customer['__class__'] }}", WRONG),
    Refused("a slice", "{{ customer.tags[0:9] }}", WRONG),
    Refused("the function of a global", "{{ lipsum.__globals__['os'].popen('id').read() }}", WRONG),
    Refused("the module of a global", "{{ cycler.__init__.__globals__.os.popen('id').read() }}", WRONG),
    Refused("joiner", "{{ joiner.__init__.__globals__ }}", WRONG),
    Refused("namespace", "{{ namespace.__init__.__globals__ }}", WRONG),
    Refused("the template itself", "{{ self.__init__.__globals__ }}", WRONG),
    Refused("the context of the template", "{{ self._TemplateReference__context }}", WRONG),
    Refused("the frame of a loop", "{% for a in customer.tags %}{{ loop.__class__ }}{% endfor %}", WRONG),
    Refused("the iterator of a loop", "{% for a in customer.tags %}{{ loop._iterator }}{% endfor %}", WRONG),
    Refused("the memory of a loop", "{% for a in customer.tags %}{{ loop.changed(a) }}{% endfor %}", WRONG),
    Refused("a loop as a value", "{% for a in customer.tags %}{{ loop }}{% endfor %}", WRONG),
    Refused("a low line of another kind", "{{ customer.＿＿class＿＿ }}", SYNTAX),
    Refused("what prints", "{{ _printer }}", WRONG),
    Refused("a method", "{{ customer.first_name.upper() }}", WRONG),
    Refused("items", "{{ customer.items() }}", WRONG),
    Refused("map to an attribute", "{{ customer.tags | map(attribute='__class__') | list }}", FILTER),
    Refused("selectattr", "{{ customer.tags | selectattr('__class__') | list }}", FILTER),
    Refused("sort by an attribute", "{{ customer.tags | sort(attribute='__class__') }}", FILTER),
    Refused("groupby", "{{ customer.tags | groupby('__class__') }}", FILTER),
    Refused("sum of an attribute", "{{ customer.tags | sum(attribute='__class__') }}", FILTER),
    Refused("pprint", "{{ customer | pprint }}", FILTER),
    Refused("tojson", "{{ customer | tojson }}", FILTER),
    Refused("whether it is callable", "{% if customer.tier is callable %}x{% endif %}", TEST),
    Refused("whether a filter exists", "{% if 'attr' is filter %}x{% endif %}", TEST),
    Refused("an unknown tag", "{% debug %}", SYNTAX),
    Refused("do", "{% do customer.clear() %}", SYNTAX),
    Refused("autoescape off", "{% autoescape false %}{{ customer.first_name }}{% endautoescape %}", WRONG),
    Refused("safe", "{{ customer.first_name | safe }}", SAFE),
    # Files
    Refused("include", "{% include '/etc/passwd' %}", WRONG),
    Refused("include of what is named by data", "{% include customer.first_name %}", WRONG),
    Refused("import", "{% import 'os' as os %}{{ os.environ }}", WRONG),
    Refused("from", "{% from 'os' import environ %}", WRONG),
    Refused("extends", "{% extends '/etc/passwd' %}", WRONG),
    # Memory and time
    Refused("a text a billion times", "{{ 'x' * 1000000000 }}", WRONG),
    Refused("a billion times a text", "{{ 1000000000 * 'x' }}", WRONG),
    Refused("a power of powers", "{{ 9 ** 9 ** 9 }}", WRONG),
    Refused("a shift", "{{ 1 << 1000000000 }}", SYNTAX),
    Refused("a number of 200 digits", "{{ " + "9" * 200 + " }}", WRONG),
    Refused("an infinite number", "{{ 1e999 }}", WRONG),
    Refused("width by format", "{{ '%1000000000d' | format(1) }}", FILTER),
    Refused("width by percent", "{{ '%1000000000d' % 1 }}", WRONG),
    Refused("center", "{{ 'a' | center(1000000000) }}", FILTER),
    Refused("ljust", "{{ 'a'.ljust(1000000000) }}", WRONG),
    Refused("indent", "{{ 'a' | indent(1000000000) }}", FILTER),
    Refused("wordwrap", "{{ customer.first_name | wordwrap(1) }}", FILTER),
    Refused("replace by more", "{{ 'aa' | replace('a', 'aaaaaaaa') | replace('a', 'aaaaaaaa') }}", FILTER),
    Refused("slice", "{{ customer.tags | slice(100000000) | list }}", FILTER),
    Refused("batch", "{{ customer.tags | batch(100000000, 'x') | list }}", FILTER),
    Refused("digits without end", "{{ customer.points | number(1000000000) }}", WORDS),
    Refused("range", "{% for x in range(100000000) %}x{% endfor %}", WRONG),
    Refused("range in range", "{% for x in range(100000) %}{% for y in range(100000) %}x{% endfor %}{% endfor %}", WRONG),
    Refused("lipsum", "{{ lipsum(n=100000) }}", WRONG),
    Refused("three loops", "{% for a in b.c %}" * 3 + "x" + "{% endfor %}" * 3, WRONG),
    Refused("a loop that calls itself", "{% for a in b.c recursive %}{{ loop(b.c) }}{% endfor %}", WRONG),
    Refused("a macro that calls itself", "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", WRONG),
    Refused("a text that doubles", "{% set a = 'x' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}", WRONG),
    Refused("a block that doubles", "{% set a %}xx{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 40, WRONG),
    Refused("a namespace that doubles", "{% set n = namespace(a='x') %}{% set n.a = n.a ~ n.a %}", WRONG),
    Refused("a list that doubles", "{{ ([1] * 1000000000) | length }}", WRONG),
    Refused("a dictionary", "{{ dict(a=1) }}", WRONG),
    # Depth
    Refused("3,000 parentheses", "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", LONG),
    Refused("20,000 times not", "{{ " + "not " * 20_000 + "a }}", LONG),
    Refused("10,000 blocks", "{% if a.b %}" * 3000 + "x" + "{% endif %}" * 3000, SYNTAX),
    Refused("5,000 branches", "{% if a.b %}x" + "{% elif a.b %}y" * 5000 + "{% endif %}", WRONG),
    Refused("comments without end", "{#" * 40_000, SYNTAX),
    Refused("raw without end", "{% raw %}" * 10_000, SYNTAX),
    Refused("expressions without end", "{{ '" * 20_000, LONG),
    # Pages
    Refused("a script", "<script>let name = '{{ customer.first_name }}'</script>", HTML),
    Refused("a style", "<p style=\"background: url({{ customer.site }})\">x</p>", HTML),
    Refused("an address in HTML", '<a href="{{ customer.site }}">x</a>', HTML),
    Refused("a script as an address", "[x](javascript:alert({{ customer.id }}))", LINK),
    Refused("a page as an address", "[x](data:text/html,<b>)", LINK),
    Refused("a script as a named address", "[x][1]\n\n[1]: javascript:alert(1)", LINK),
    Refused("a picture of this machine", "![x](file:///etc/passwd)", LINK),
]  # fmt: skip

#: Sound in every word, and too much for any machine: seen only when they are written. Name, text, what is said.
HEAVY = [
    ("tags that never close", "<a " * 30_000, "took more than 2 s of computing"),
    ("a table of 20,000 columns", "|" + "a|" * 20_000 + "\n|" + "-|" * 20_000 + "\n" + "|a\n" * 5000, "the text of thanks/en"),
    ("a loop in a loop", "{% for a in c.many %}{% for b in c.many %}{% endfor %}{% endfor %}" * 60, "2 s of computing"),
    ("a mail of many megabytes", "{% for a in c.many %}{% for b in c.many %}Oolong for all{% endfor %}{% endfor %}", "1 MiB"),
    ("headings", "# a\n" * 24_000, "the text of thanks/en"),
    ("values without end", "{% for a in c.many %}{% for b in c.many %}{{ a }}{% endfor %}{% endfor %}", "2,000 values"),
    ("numbers without end", "{{ " + " * ".join(["c.huge"] * 25) + " }}", "too large"),
    ("one number of many digits", "{{ c.huge * c.huge | number }}", "do not go together"),
    ("a decimal of a billion digits", "{{ c.exact | number }} {{ c.exact | money }}", "do not go together"),
    ("a value of many megabytes", "{{ c.long | upper }}{{ c.long | title }}{{ c.long | lower }}", "became longer than 1 MiB"),
    ("a subject that is a list", "{{ c.many }}" * 300, "became longer than 1 MiB"),
    ("the template as a value", "{{ self }}", "not one value"),
    ("a loop over the template", "{% for a in self %}{{ a }}{% endfor %}", "KeyError"),
    ("all fields at once", "{{ customer }}", "not one value"),
    ("division by nothing", "{{ customer.points / 0 }}", "do not go together"),
    ("a date of a text", "{{ customer.first_name | date }}", "`date` needs a date"),
]  # fmt: skip

#: What customers call themselves.
NAMES = [
    "{{ 7 * 7 }}",
    "{% raw %}",
    "{# comment #}",
    "{{ customer.__class__ }}",
    "{% for x in range(1000000000) %}x{% endfor %}",
    "${7*7}",
    "#{7*7}",
    "<%= 7 * 7 %>",
    "<img src=x onerror=alert(1)>",
    "</title><script>alert(1)</script>",
    "</style></head>",
    "\" onmouseover=\"alert(1)",
    "](javascript:alert(1))",
    "[x](https://evil.example)",
    "`code` *bold* _low_ | pipe",
    "zq0jz zq6jz zq999999jz",
    "\x1f\x1f",
    "--=_regulars_alternative--",
    "a\r\nBcc: evil@evil.example\r\n\r\nx",
    "\u202egnp.exe",
    "&lt;b&gt; &#x3c;",
    "{0.__class__} %s %(a)s",
]  # fmt: skip
