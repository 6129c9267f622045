"""What a text means, and what authors are told when it means nothing: to the letter, at the exact words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conditions import Flawed, Tree, fields, read, segments_in, to_text
from engine.conditions.terms import Share
from engine.conditions.tree import Contains, Empty, Is, Listed, Member, Moved, Not, Ordered
from tests.conditions.ground import SCOPE, SEGMENTS, condition


def _flaws(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(Flawed) as caught:
        condition(text)
    return [(text[flaw.start : flaw.end], flaw.rule, flaw.text) for flaw in caught.value.flaws]


def _helps(text: str) -> tuple[str, ...]:
    with pytest.raises(Flawed) as caught:
        condition(text)
    return caught.value.flaws[0].helps


_MOMENTS = "expected a date as `2026-12-24`, `90 days ago`, `3 days from now`, `now` or `today`"
_UNITS = "units: minutes, hours, days, weeks, months, years"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("customer.vip", "customer.vip"),
        ("customer.vip is true", "customer.vip"),
        ("customer.vip == false", "customer.vip is false"),
        ("not customer.vip", "not customer.vip"),
        ("customer.vip is not true", "not customer.vip"),
        ("customer.tier  ==\\tgold", "customer.tier is gold"),
        ("customer.tier != gold", "customer.tier is not gold"),
        ("not customer.tier is gold", "customer.tier is not gold"),
        ("not not customer.tier is gold", "not customer.tier is not gold"),
        ("customer.tier not in [gold,platinum, gold]", "customer.tier not in [gold, platinum]"),
        ("customer.first_name is 'New York'", "customer.first_name is 'New York'"),
        ("customer.first_name is 'it''s'", "customer.first_name is 'it''s'"),
        ("customer.first_name is 'plain'", "customer.first_name is plain"),
        ("customer.first_name is 'now'", "customer.first_name is 'now'"),
        ("customer.first_name is 0123", "customer.first_name is 0123"),
        ("customer.first_name is 上海", "customer.first_name is 上海"),
        ("customer.first_name is zh-CN", "customer.first_name is zh-CN"),
        ("customer.first_name is 2026-03-01", "customer.first_name is 2026-03-01"),
        ("customer.first_name is 3.10", "customer.first_name is '3.10'"),
        ("customer.first_name is NO", "customer.first_name is NO"),
        ("customer.nickname is 'Straße'", "customer.nickname is strasse"),
        ("customer.tags contains 30-off", "customer.tags contains 30-off"),
        ("customer.tags not contains 'a b'", "customer.tags not contains 'a b'"),
        ("customer.orders_count >= 007.50", "customer.orders_count >= 7.5"),
        ("customer.orders_count is -0.0", "customer.orders_count is 0"),
        ("customer.budget is 299.90", "customer.budget is 299.9"),
        ("customer.budget < 12.50% of customer.lifetime_spend", "customer.budget < 12.5% of customer.lifetime_spend"),
        ("customer.budget < customer.lifetime_spend", "customer.budget < customer.lifetime_spend"),
        ("customer.birthday is before 2026-03-01", "customer.birthday before 2026-03-01"),
        ("customer.last_order_at after 1 days ago", "customer.last_order_at after 1 day ago"),
        ("customer.last_order_at after 3 months from  now", "customer.last_order_at after 3 months from now"),
        ("customer.last_order_at after today", "customer.last_order_at after today"),
        ("customer.last_order_at is not empty", "customer.last_order_at is not empty"),
        ("customer in segment vip", "customer in segment vip"),
        ("not customer in segment vip", "customer not in segment vip"),
        (
            "(customer.vip and (event.gift and customer.tier is gold))",
            "customer.vip and event.gift and customer.tier is gold",
        ),
        (
            "customer.vip or (event.gift and customer.tier is gold)",
            "customer.vip or (event.gift and customer.tier is gold)",
        ),
        ("not (customer.vip or event.gift)", "not (customer.vip or event.gift)"),
    ],
)
def test_a_condition_has_one_canonical_text(text: str, canonical: str) -> None:
    tree = condition(text.replace("\\t", "\t"))
    assert to_text(tree) == canonical
    assert condition(canonical) == tree


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("customer.vip", Is),
        ("customer.budget < 70% of customer.lifetime_spend", Ordered),
        ("customer.birthday before now", Moved),
        ("customer.tier in [gold]", Listed),
        ("customer.tags contains a", Contains),
        ("customer.tier is empty", Empty),
        ("customer in segment vip", Member),
        ("customer.tier is not empty", Not),
    ],
)
def test_each_form_has_its_node_with_its_place(text: str, kind: type[Tree]) -> None:
    tree = condition(f"  {text} ")
    assert isinstance(tree, kind)
    assert tree.span == (2, 2 + len(text))


@pytest.mark.parametrize(
    ("currency", "written", "minor"),
    [("USD", "299.99", 29_999), ("USD", "5", 500), ("JPY", "299", 299), ("KWD", "1.005", 1_005), ("USD", "-0.5", -50)],
)
def test_money_is_written_in_the_main_unit(currency: str, written: str, minor: int) -> None:
    tree = condition(f"customer.budget is {written}", currency)
    assert isinstance(tree, Is)
    assert tree.right.plain == minor  # type: ignore[union-attr]


def test_a_percentage_is_an_exact_ratio() -> None:
    tree = condition("customer.budget < 12.5% of customer.lifetime_spend")
    assert isinstance(tree, Ordered) and isinstance(tree.right, Share)
    assert (tree.right.ratio.numerator, tree.right.ratio.denominator) == (1, 8)


def test_the_words_that_a_condition_mentions() -> None:
    tree = condition("customer.budget < event.price and customer not in segment vip and customer.tier is gold")
    assert {f"{scope}.{field.name}" for scope, field in fields(tree)} == {
        *("customer.budget", "event.price", "customer.tier")
    }
    assert segments_in(tree) == {"vip"}


# --- The gallery --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "rule", "message", "helps"),
    [
        (
            "customer.lifetime_spent >= 2000",
            "customer.lifetime_spent",
            "unknown-field",
            "unknown field `customer.lifetime_spent`",
            ("did you mean `customer.lifetime_spend`?",),
        ),
        (
            "customer.tier in [gold, platnum]",
            "platnum",
            "unknown-value",
            "`platnum` is not a value of `customer.tier` (gold, Gold, GOLD, platinum, O'Neil, ça va, 100%, now)",
            ("did you mean `platinum`?",),
        ),
        (
            "customer.last_order_at > 90",
            "90",
            "type",
            "`customer.last_order_at` is a time; `90` is not",
            (
                "longer ago than 90 days:   customer.last_order_at before 90 days ago",
                "within the last 90 days:  customer.last_order_at after 90 days ago",
            ),
        ),
        (
            "customer.tier is gold or platinum",
            "platinum",
            "alone-after-or",
            "`platinum` stands alone after `or`",
            ("write:  customer.tier in [gold, platinum]",),
        ),
        (
            "customer.tier is gold or customer.orders_count >= 10 and customer.vip",
            "and",
            "and-or",
            "'and' and 'or' are mixed without parentheses",
            ("add parentheses, or use an `any:` block",),
        ),
        (
            "customer.tier = gold",
            "=",
            "condition",
            "use `is` (or `==`) to compare",
            ("replace `=` with `is`",),
        ),
        (
            "customer.last_order_at before 7d ago",
            "7d",
            "duration",
            "`7d` is not a length of time",
            ("did you mean `7 days`?", "units: minutes, hours, days, weeks, months, years"),
        ),
    ],
)
def test_the_gallery(text: str, words: str, rule: str, message: str, helps: tuple[str, ...]) -> None:
    assert _flaws(text) == [(words, rule, message)]
    assert _helps(text) == helps


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        ("customer.tier is gold or platinum or Gold", "write:  customer.tier in [gold, platinum, Gold]"),
        ("customer.tier is not gold or platinum", "write:  customer.tier not in [gold, platinum]"),
        ("customer.tier in [gold] or platinum", "write:  customer.tier in [gold, platinum]"),
        ("customer.tags contains a or b", "write:  customer.tags contains a or customer.tags contains b"),
        ("customer.orders_count > 3 or 5", "repeat the whole condition after `or`"),
        ("customer.last_order_at > 90 days ago", "write:  customer.last_order_at after 90 days ago"),
        (
            "customer.first_order_at before customer.last_order_at",
            "two fields are compared with a sign:  customer.first_order_at < customer.last_order_at",
        ),
        (
            "customer.last_order_at is after customer.first_order_at and customer.vip",
            "two fields are compared with a sign:  customer.last_order_at > customer.first_order_at and customer.vip",
        ),
        ("customer.last_order_at before", _MOMENTS),
        ("customer.last_order_at after or", "in quotes it is a value:  'or'"),
        ("customer.last_order_at after (7 days ago)", _MOMENTS),
        ("customer.last_order_at before 5 workdays ago", _UNITS),
        ("customer.last_order_at < 7d", "longer ago than 7 days:   customer.last_order_at before 7 days ago"),
        ("customer.tags is a", "write:  customer.tags contains a"),
        ("customer.first_name is example.com", "as a text it stands in quotes:  'example.com'"),
        ('customer.first_name is "New York"', "a text with spaces or signs stands in single quotes:  'New York'"),
        ("customer.first_name is ''", "write:  customer.first_name is empty"),
        ("customer.first_name is today", "in quotes it is a value:  'today'"),
        ("customer.vip && event.gift", "write `and`"),
        ("customer.vip AND event.gift", "write `and` in small letters"),
        ("customer.tier like gold", "write `contains`"),
        ("customer.vip is yes", "write `true` or `false`"),
        ("vip", "did you mean `customer.vip`?"),
        ("customer.tier in segment vip", "write:  customer in segment vip"),
        ("customer in segment vop", "did you mean `vip`?"),
        ("customer in segment none", "segments: lapsed, vip"),
    ],
)
def test_the_help_is_the_text_to_type(text: str, help_text: str) -> None:
    assert _helps(text)[0] == help_text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [("", "condition", "there is no condition here")]),
        ("customer.vip is", [("is", "condition", "something is missing after `is`")]),
        ("(customer.vip", [("(customer.vip", "condition", "something is missing after `(customer.vip`")]),
        ("customer.vip)", [(")", "condition", "`)` does not fit here")]),
        ("customer.first_name is 'a", [("'a", "condition", "`'a` is not closed")]),
        ("customer.birthday before 2026-02-30", [("2026-02-30", "date", "`2026-02-30` is no day of the calendar")]),
        (
            "customer.budget is 5.005",
            [("5.005", "type", "`5.005` is finer than the currency: USD has 2 decimals")],
        ),
        (
            "customer.orders_count is 1234567890123456",
            [("1234567890123456", "type", "`1234567890123456` has more than 15 digits")],
        ),
        (
            "customer.birthday is customer.last_order_at",
            [("customer.last_order_at", "type", "`customer.birthday` is a date; `customer.last_order_at` is a time")],
        ),
        (
            "customer.seen_iso < customer.last_order_at",
            [
                (
                    "customer.last_order_at",
                    "type",
                    "`customer.seen_iso` and `customer.last_order_at` are stored in different ways and cannot be compared",
                )
            ],
        ),
        (
            "customer.tier",
            [("customer.tier", "type", "`customer.tier` is a choice; it needs something to compare with")],
        ),
        (
            "customer.tire is gold and customer.budget is gold",
            [
                ("customer.tire", "unknown-field", "unknown field `customer.tire`"),
                ("gold", "type", "`customer.budget` is an amount of money; `gold` is not"),
            ],
        ),
    ],
)
def test_a_flaw_stands_at_its_words(text: str, found: list[tuple[str, str, str]]) -> None:
    assert _flaws(text) == found


def test_a_field_that_is_like_no_other_is_answered_with_all_there_are() -> None:
    (help_text,) = _helps("event.weather is fine")
    assert help_text == (
        "fields: event.day, event.gift, event.kind, event.list_price, event.moment, event.plan, event.price, event.rating"
    )


def test_what_is_too_long_or_too_deep_is_refused() -> None:
    assert _flaws("customer.tier is " + "a" * 2_000)[0][1] == "too-long"
    assert condition("(" * 19 + "customer.vip" + ")" * 19)
    assert _flaws("(" * 21 + "customer.vip" + ")" * 21)[0][1] == "too-deep"
    assert _flaws("not " * 400 + "customer.vip")[0][1] == "too-deep"
    assert _flaws("(" * 1_500)[0][1] == "condition"


_VOCABULARY = (
    "customer.tier customer.vip customer.budget customer.last_order_at customer.tags event.day gift.x is not in == != = < >= "
    "before after ago from now today empty contains segment vip and or ( ) [ ] , 90 1.5 7d days 2026-03-01 2026-02-30 70% of "
    "gold 'a b' '' ' \" && true false % ! . - é \ud800 \x00"
)
_WORDS = st.sampled_from(_VOCABULARY.split(" "))


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.one_of(st.lists(_WORDS, max_size=12).map(" ".join), st.text(max_size=40)))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    try:
        tree = read(text, SCOPE, SEGMENTS, "USD")
    except Flawed as flawed:
        assert flawed.flaws
        assert all(0 <= flaw.start <= flaw.end <= len(text) for flaw in flawed.flaws)
    else:
        assert condition(to_text(tree)) == tree
