"""The page of message texts: what stands in a file, which words, filters, tests and tags it may use, each shown as it prints."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from engine.catalogue import QUESTION_WORDS, TASK_WORDS, Field
from engine.render import Money, Several, Template, compile_message, parse_message, render_plain
from engine.workspace.catalogue import builtin
from engine.workspace.check.texts import BRAND

_CURRENCY = "EUR"
#: Whom and what the examples speak of.
_CONTEXT = {
    "customer": {
        "first_name": "Ada",
        "tier": "gold",
        "company": "brown & sons",
        "birthday": date(1990, 5, 14),
        "orders_count": 3,
        "last_order_at": datetime(2026, 3, 1, 16, 30, tzinfo=UTC),
        "lifetime_spend": Money(123450, _CURRENCY),
        "tags": ("newcomer", "tea-club"),
        "recommended": ({"title": "Teapot"}, {"title": "Caddy"}),
    },
    "event": {"total": Money(4000, _CURRENCY)},
    "events": Several([{"title": "Oolong"}, {"title": "Sencha"}], 7),
}
_SAID = """An example is printed here as Ada reads it: in English, in the time zone of Berlin, in a shop that counts in
euros. She has bought three times, last on 1 March 2026 for 40 euros, and nobody knows her last name."""

#: Of each filter an example, and what it does. A test holds this to the filters that there are.
FILTERS_SHOWN: Mapping[str, tuple[str, str]] = {
    "date": (
        "{{ customer.last_order_at | date }}",
        "The day, in the customer's zone; `date('short')`, `'medium'`, `'long'` or `'full'` says how long it is "
        "written.",
    ),
    "time": (
        "{{ customer.last_order_at | time }}",
        "The hour of a time, in the customer's zone; it takes the same four.",
    ),
    "datetime": ("{{ customer.last_order_at | datetime('medium') }}", "Day and hour; it takes the same four."),
    "money": (
        "{{ event.total | money }}",
        "An amount with its currency. An amount prints so by itself; a plain number becomes one of the shop's currency.",
    ),
    "number": (
        "{{ 1234.567 | number(1) }}",
        "A number with the separators of the language; in the brackets, how many digits follow the point.",
    ),
    "percent": ("{{ 0.2 | percent }}", "A share of one."),
    "default": (
        "{{ customer.last_name | default('dear guest') }}",
        "What is printed where the value is missing.",
    ),
    "upper": ("{{ customer.tier | upper }}", "In capitals."),
    "lower": ("{{ customer.first_name | lower }}", "In small letters."),
    "capitalize": ("{{ customer.company | capitalize }}", "The first letter as a capital, the others small."),
    "title": ("{{ customer.company | title }}", "Each word with a capital."),
    "trim": ("{{ ' tea ' | trim }}", "Without spaces before and after it."),
    "join": ("{{ customer.tags | join(' / ') }}", "A list with that between its elements; without brackets a comma."),
    "length": ("{{ customer.tags | length }}", "How many elements a list has, or letters a text."),
    "first": ("{{ customer.tags | first }}", "The first element of a list."),
    "last": ("{{ customer.tags | last }}", "The last element of a list."),
}
#: Of each test. `in` is written without `is`.
TESTS_SHOWN: Mapping[str, tuple[str, str]] = {
    "defined": ("{% if customer.tier is defined %}yes{% endif %}", "The value is there."),
    "undefined": ("{% if customer.last_name is undefined %}yes{% endif %}", "It is missing."),
    "odd": ("{% if customer.orders_count is odd %}yes{% endif %}", "A whole number is odd."),
    "even": ("{% if customer.orders_count is even %}yes{% else %}no{% endif %}", "It is even."),
    "in": (
        "{% if 'tea-club' in customer.tags %}yes{% endif %}",
        "A text is an element of a list, or stands in a text.",
    ),
}
#: Of each word that a text can ask of the loop it stands in.
LOOPS_SHOWN: Mapping[str, tuple[str, str]] = {
    "index": (
        "{% for tag in customer.tags %}{{ loop.index }}. {{ tag }} {% endfor %}",
        "The number of the round, from 1.",
    ),
    "first": (
        "{% for tag in customer.tags %}{% if not loop.first %}, {% endif %}{{ tag }}{% endfor %}",
        "Whether it is the first round.",
    ),
    "last": (
        "{% for tag in customer.tags %}{{ tag }}{% if not loop.last %} and {% endif %}{% endfor %}",
        "Whether it is the last one.",
    ),
    "length": (
        "{% for tag in customer.tags %}{{ loop.index }} of {{ loop.length }} {% endfor %}",
        "How many rounds there are.",
    ),
}
TAGS_SHOWN: Sequence[tuple[str, str]] = (
    ("{{ customer.first_name }}", "Prints a value."),
    (
        "{% if customer.last_name %}known{% else %}unknown{% endif %}",
        "Something only where a value is there, and is not false, 0 or empty.",
    ),
    (
        "{% if customer.tier == 'gold' %}gold{% elif customer.tier == 'silver' %}silver{% else %}other{% endif %}",
        "One of several. Compare with `==`, `!=`, `<`, `<=`, `>`, `>=`.",
    ),
    (
        "{% if customer.orders_count > 2 and not customer.company == 'acme' %}yes{% endif %}",
        "`and`, `or`, `not`, with brackets where both are needed.",
    ),
    ("{% for one in customer.recommended %}{{ one.title }} {% endfor %}", "Once for each element of a list."),
    ("{{ 'again' if customer.orders_count > 1 else 'welcome' }}", "One of two, in a line."),
    ("{{ customer.last_name or customer.first_name }}", "The first of two that is there."),
    ("{{ customer.orders_count + 1 }}", "Numbers with `+`, `-`, `*`, `/`; not amounts of money."),
    ("{# to be checked by Mei #}", "A note for authors, which nobody else reads."),
)


def page() -> str:
    """The page, as Markdown."""
    return "\n\n".join(
        [
            "# A message: `messages/<id>/<language>.md`",
            _FILE,
            _table(("part", "meaning"), _PARTS),
            _WHICH,
            "## The body",
            _BODY,
            "## What is printed",
            _SAID,
            _examples("write", TAGS_SHOWN),
            _REFUSED,
            "## Filters",
            _examples("filter", FILTERS_SHOWN.values()),
            "## Tests",
            _examples("test", TESTS_SHOWN.values()),
            "## In a loop",
            _examples("word", LOOPS_SHOWN.values()),
            "## Which words there are",
            "`regulars validate` reads each text with each step that sends it, and says which word does not exist there.",
            _table(("word", "where", "what it is"), _words()),
            "## Missing values",
            _MISSING,
        ]
    )


_FILE = """What customers and staff read: one folder for each message, in it one file for each language, such as
`messages/come-back/en.md`. Steps name the folder: `email: come-back`.

The file begins with its front matter, between two lines `---`. Each of its lines is a key, a colon, and the rest of the
line as it is: without quotation marks, and with colons where you like; one that begins with `#` is a note. Below it
stands the body."""
_WHICH = """One of `subject`, `sms` and `chat` must be there. A file may have the words of several channels; each step takes
those of its own.

A customer gets the text in his own language, else in the one that `fallback` of the settings names, else in that of the
first part of his tag (`de` for `de-AT`), else in the first of `languages` that it is written in. Staff get the shop's."""
_REFUSED = """A line with nothing but tags leaves no empty line behind. Loops stand in each other at most two deep. There is no
`{% set %}`, `{% include %}` or `{% macro %}`, nothing can be called, and brackets such as `events[0]` are refused: a value
that has to be worked out belongs into a metric of the [catalogue](catalogue.md)."""
_MISSING = """A value that is missing is false in `if`, equal to nothing, and an empty list in `for`; an empty text counts as
missing. Where it is to be printed the message cannot be written, and fails; `regulars why` says for want of which
value. Give a way out wherever a customer may lack it:

```jinja
Hello {{ customer.first_name | default('dear guest') }},

{% if customer.birthday %}Your birthday is on {{ customer.birthday | date }}.{% endif %}
```"""
_PARTS = (
    ("`subject`", "The subject of a mail."),
    ("`preheader`", "The line that many mail programs show beside the subject. Only for mails."),
    ("`sms`", "The words of a text message: one line."),
    ("`chat`", "The words of a chat message: one line. Without it a chat message is the body as plain text."),
    ("the body", "The text of a mail, in Markdown."),
)
_BODY = """Markdown (CommonMark, with tables): empty lines between paragraphs, `**bold**`, `*slanted*`, `# headings`,
`- lists`, `[words](https://…)` for a link, `![what is to be seen](https://…)` for a picture. A line break is one.
A link alone in its paragraph becomes a button. Links begin with `https://`, `http://`, `mailto:` or `tel:`.
HTML is shown as it stands, and refused where it looks like a link, a style or a script.

The mail gets a layout and a plain text of the same words by itself: the shop's name above, the address below,
and in marketing the way to leave. A value can never become Markdown, HTML or another link, whatever a customer
typed."""


def _words() -> Iterator[tuple[str, ...]]:
    yield (
        "`customer.…`",
        "everywhere",
        "The customer's fields as they are now: every `customer.*` of the [catalogue](catalogue.md).",
    )
    for name, one in builtin().recommendations.items():
        fields = ", ".join(f"`{field}`" for field in one.fields)
        yield (
            f"`customer.{name}`",
            "everywhere, in a loop",
            f"Recommended products, each with {fields}: `{{% for one in customer.{name} %}}`.",
        )
    yield _listed("brand", BRAND), "everywhere", "The shop, from `brand` of the [settings](settings/brand.md)."
    yield "`event.…`", "[`when: event`](triggers/event.md)", "The event that began the run."
    yield (
        "`line.…`",
        "`each: event.lines`",
        "The one line of the order that the run is about. The word is the list's own, as the catalogue says.",
    )
    yield (
        "`events`, `events.count`",
        "`collect:`",
        "The events that were collected, in a loop, and how many they are: `{% for one in events %}{{ one.title }}{% "
        "endfor %}`.",
    )
    yield "`wish.…`", "`meets: wishes`", "The customer's own entry of the list that the event met."
    yield (
        "`reservation.…`, `subscription.…`, …",
        "[`when: date`](triggers/date.md) of such a record",
        "The record that the date is of.",
    )
    yield (
        "`NAME.…`",
        "below a step with `as: NAME`",
        "What the step left: a voucher, points, a task, an awaited event. [All of their "
        "fields](catalogue.md#what-a-run-keeps-name).",
    )
    yield (
        _listed("task", TASK_WORDS),
        "`task-reminder`, `task-escalated`",
        "The task that the mail to staff is about: [`task`](steps/task.md).",
    )
    yield (
        _listed("question", QUESTION_WORDS),
        "`approval-asked`",
        "The question that is asked: [`approve`](steps/approve.md).",
    )


def _listed(scope: str, fields: Mapping[str, Field] | Sequence[str]) -> str:
    return ", ".join(f"`{scope}.{name}`" for name in fields)


def _examples(first: str, rows: Iterable[tuple[str, str]]) -> str:
    return _table((first, "prints", "meaning"), [(f"`{example}`", printed(example), said) for example, said in rows])


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *lines])


def printed(text: str) -> str:
    """What a text prints for the customer of the examples."""
    message = parse_message("messages/example/en.md", f"---\nsms: {text}\n---\n")
    template = message if isinstance(message, list) else compile_message(message)
    if not isinstance(template, Template):
        raise ValueError(f"{text}: {template[0].text}")
    return render_plain(template, "sms", _CONTEXT, "en", ZoneInfo("Europe/Berlin"), _CURRENCY) or "nothing"
