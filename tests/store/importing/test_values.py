"""Fields become values exactly, or are refused with a reason that a shop's clerk understands."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.addresses import parse_address
from engine.store.importing import values

BERLIN = ZoneInfo("Europe/Berlin")


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.sampled_from([0, 2, 3]))
def test_amounts_are_exact(minor: int, exponent: int) -> None:
    assert values.amount(f"{Decimal(minor).scaleb(-exponent):f}", exponent) == minor


@pytest.mark.parametrize(
    ("text", "exponent", "minor"),
    [("12", 2, 1200), ("12.5", 2, 1250), (" 0.10 ", 2, 10), ("-3.99", 2, -399), ("1.2300", 2, 123), ("500", 0, 500)],
)
def test_an_amount(text: str, exponent: int, minor: int) -> None:
    assert values.amount(text, exponent) == minor


@pytest.mark.parametrize(
    "text", ["", "12,50", "1,299.00", "1 299", "$5", "1e3", "1e400", "NaN", "inf", "0.001", "9" * 16, ".", "5.", "٣"]
)
def test_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an amount|decimals|too large"):
        values.amount(text, 2)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01", datetime(2026, 2, 28, 23, tzinfo=UTC)),
        ("2026-03-01 12:30", datetime(2026, 3, 1, 11, 30, tzinfo=UTC)),
        ("2026-07-01T12:30:15", datetime(2026, 7, 1, 10, 30, 15, tzinfo=UTC)),
        ("2026-03-01T12:30:15.123456Z", datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)),
        ("2026-03-01 12:30 +0530", datetime(2026, 3, 1, 7, tzinfo=UTC)),
        ("2026-03-29 02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # a time that the clocks skipped
        ("2026-10-25 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # shown twice: the first
    ],
)
def test_a_time(text: str, instant: datetime) -> None:
    assert values.instant(text, BERLIN) == instant


@pytest.mark.parametrize(
    "text",
    ["01/03/2026", "26-03-01", "2026-3-1", "2026-02-30", "2026-03-01 25:00", "0000-00-00", "9999-01-01", "today"],
)
def test_no_time_and_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a|lies outside"):
        values.instant(text, BERLIN)
    with pytest.raises(ValueError, match=r"is not a|lies outside"):
        values.day(text)


def test_the_29th_of_february_is_a_birthday_in_leap_years_only() -> None:
    assert values.day("1992-02-29") == date(1992, 2, 29)
    with pytest.raises(ValueError, match="not a day of the calendar"):
        values.day("1993-02-29")


LOCALS = st.text("abAZ09._+-!'@ \"", max_size=12)
DOMAINS = st.sampled_from(
    ["example.com", "Example.COM", "a-b.example.org", "münchen.example", "no", "a..b", "test", ""]
)


@given(LOCALS, DOMAINS)
def test_the_quick_way_of_reading_addresses_is_the_slow_way(local: str, domain: str) -> None:
    text = f"{local}@{domain}"
    try:
        expected = parse_address(text)
    except ValueError:
        with pytest.raises(ValueError):
            values.address(text)
    else:
        assert values.address(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a@b.example, evil@x.example",
        "a@b.example\r\nBcc: x@y.example",
        "<@a,@b:c@d.example>",
        '"a b"@c.example',
        "a",
        "@",
    ],
)
def test_what_is_not_exactly_one_address(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        values.address(text)


@pytest.mark.parametrize(
    ("text", "tag"), [("en", "en"), ("zh_tw", "zh-TW"), ("ZH-Hant-tw", "zh-Hant-TW"), ("pt-BR", "pt-BR")]
)
def test_a_language(text: str, tag: str) -> None:
    assert values.language(text) == tag


@pytest.mark.parametrize(
    ("read", "text"),
    [(values.language, "english?"), (values.country, "Germany"), (values.zone, "Berlin"), (values.zone, "+01:00")],
)
def test_a_doubtful_value_does_not_cost_the_row(read: object, text: str) -> None:
    with pytest.raises(values.Doubt):
        read(text)  # type: ignore[operator]


def test_the_rest() -> None:
    assert values.phone("+49 (30) 123-45") == "+493012345"
    assert values.tags("vip; new,vip|big spender") == ("vip", "new", "big spender")
    assert (values.number("12"), values.number("-1.5")) == (12, -1.5)
    assert (values.yes_no("Yes"), values.yes_no("0")) == (True, False)
    assert values.consent("2026-03-01", BERLIN) == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert values.text("=HYPERLINK(1)") == "=HYPERLINK(1)"
    for bad in ("a\nb", "a\0b", "x" * 1001):
        with pytest.raises(ValueError, match=r"contains|longer"):
            values.text(bad)


def test_what_is_no_consent_names_all_three_ways_to_write_one() -> None:
    with pytest.raises(ValueError, match="yes,  no,  or when"):
        values.consent("maybe", BERLIN)
