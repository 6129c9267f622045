"""The page of conditions: every word of their language with an example, and what goes with which type."""

from collections.abc import Iterable, Sequence

from engine.conditions.kinds import KINDS, USE

#: What an example may name: the segment and the event that the example workspace has too.
SEGMENT = "vip"
EVENT = "order.paid"

Shown = Sequence[tuple[str, str]]

#: A test reads every example with the reader of the engine, and finds every word of the grammar among them.
COMPARING: Shown = (
    ("customer.tier is gold", "The same. `==` means it too."),
    ("customer.tier is not gold", "Not the same, or missing. `!=` means it too."),
    ("customer.tier == gold", "As `is`."),
    ("customer.tier != gold", "As `is not`."),
    (
        "customer.company is 'Fine & Sons'",
        "A text with spaces or signs stands in single quotes; a quote in it is written twice.",
    ),
    ("customer.orders_count > 3", "More."),
    ("customer.orders_count >= 3", "At least."),
    (
        "customer.lifetime_spend < 99.50",
        "Less. Money is written in the main unit of the shop's currency, without its sign.",
    ),
    ("customer.lifetime_spend <= 2000", "At most."),
    ("customer.orders_count is 0", "A number without quotes."),
    ("customer.average_order_3_months < customer.average_order_12_months", "With another field of the same type."),
    ("customer.spend_12_months >= 50% of customer.lifetime_spend", "With a share of another field."),
    ("customer.country in [CN, HK, TW]", "One of several."),
    ("customer.country not in [CN, HK]", "None of them, or missing."),
    ("customer.tags contains newcomer", "A tag among the tags, or a text within a text."),
    ("customer.tags not contains newcomer", "Its opposite."),
    ("customer.phone is empty", "The value is missing; an empty text is."),
    ("customer.phone is not empty", "The value is there."),
)
MOMENTS: Shown = (
    (
        "customer.last_order_at before 90 days ago",
        "Longer ago than that. The units: minutes, hours, days, weeks, months, years.",
    ),
    ("customer.last_order_at after 90 days ago", "Within the last 90 days."),
    ("customer.member_until before 30 days from now", "Sooner than that, or past already."),
    ("customer.last_order_at after today", "After the beginning of today."),
    ("customer.member_until before today", "Of a date: before this day."),
    ("customer.next_order_expected_at before now", "Past."),
    ("customer.member_since before 2026-03-01", "Before that day begins; dates are written year, month, day."),
    ("customer.last_order_at is after 2026-03-01", "An `is` before it changes nothing."),
    (
        "customer.first_order_at < customer.last_order_at",
        "With another date or time, by `<`, `<=`, `>`, `>=` and `is`.",
    ),
)
JOINING: Shown = (
    ("customer.orders_count >= 1 and customer.phone is not empty", "Both."),
    ("customer.tier is gold or customer.orders_count >= 10", "At least one."),
    ("not customer.tier is gold", "The exact opposite: it also holds where the value is missing."),
    (
        "customer.phone is not empty and (customer.tier is gold or customer.orders_count >= 10)",
        "`and` beside `or` needs brackets.",
    ),
    ("customer in segment vip", "The customer is in the segment of that name; see [segments](segment.md)."),
    ("customer not in segment vip", "He is not."),
)
#: These need a field that is yes or no, of which the built-in catalogue has none.
YES_NO = "club_member"
ANSWERS: Shown = (
    (f"customer.{YES_NO}", "It is yes."),
    (f"not customer.{YES_NO}", "It is no, or missing."),
    (f"customer.{YES_NO} is true", "As the field alone."),
    (f"customer.{YES_NO} is false", "It is no; missing is not no."),
)
#: Which words there are, by an example that needs them.
SCOPES: Shown = (
    ("customer.orders_count >= 1", "The customer, as he is now. Everywhere."),
    ("event.total >= 300", "The event that began the run; in the `where` of a `goal`, the event that counts."),
    (
        "it.total >= 300",
        "The event that is looked at or waited for. In the `where` below `wait_for`, `wait_first` and `stop_when`.",
    ),
    ("gift.redeemed_at is empty", "What a step left under `as: gift`. In steps below it, and in `stop_when`."),
)


def page() -> str:
    """The page, as Markdown."""
    return "\n\n".join(
        [
            "# Conditions",
            _OPENING,
            _BLOCKS,
            "## Comparing",
            _table("condition", COMPARING),
            "## Dates and times",
            "Days and longer are steps of the calendar in the customer's time zone, minutes and hours are elapsed time.",
            _table("condition", MOMENTS),
            "## Yes or no",
            f"Of a `yes_no` field that the shop's own catalogue declares, here `{YES_NO}`.",
            _table("condition", ANSWERS),
            "## Joining",
            _table("condition", JOINING),
            "## What goes with which type",
            "\n".join(f"* {USE[kind][0].upper()}{USE[kind][1:]}." for kind in KINDS),
            "## Which words there are",
            "All words of the built-in catalogue, with their types: [catalogue](catalogue.md#the-built-in-catalogue).",
            _table("example", SCOPES),
            "`line.…`, `wish.…`, `reservation.…` and the like are there where the [trigger](triggers/event.md) speaks of one.",
            "## Missing values",
            _MISSING,
        ]
    )


_OPENING = """A condition is one line that is true or false of a customer, an event or a result: a field, a word that
compares, and a value. Conditions stand below `enters:`, `leaves:`, `where:`, `if:`, `when:` of a `wait_first`,
`stop_when:`, `suspend_while:`, `until:` of a `repeat`, and `match:` of a segment.

There is no arithmetic, no pattern and no function: what has to be counted or added up is a metric of the
[catalogue](catalogue.md). Capital and small letters differ, but for fields that the catalogue declares with `ignore_case`."""
_BLOCKS = """A list means all of them. `any:` and `all:` stand in a list as one of its lines, and in each other; in a line,
`and` and `or` do the same."""
_MISSING = """A value that is missing makes every comparison false: whoever has no birthday was born neither before nor after
any day. `not`, `is not`, `!=`, `not in` and `not contains` are exact opposites, so they hold where the value is missing;
`regulars validate` warns of that, and a line `customer.tier is not empty` beside it settles it. A count or a sum of
nothing is 0, and not missing."""


def _table(first: str, rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join([f"| {first} | meaning |", "| --- | --- |", *(f"| `{text}` | {said} |" for text, said in rows)])
