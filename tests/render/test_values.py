"""How values are written in nine languages."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from engine.render import Money
from engine.render.phrases import phrases
from engine.render.values import Tongue, locale_of, plain

LANGUAGES = ("en", "de", "fr", "es", "ru", "ko", "ja", "zh-CN", "zh-TW")


def tongue(language: str, zone: str = "UTC", currency: str = "EUR") -> Tongue:
    return Tongue(language, ZoneInfo(zone), currency)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "March 31, 2026"),
        ("en-GB", "31 March 2026"),
        ("de", "31. März 2026"),
        ("fr", "31 mars 2026"),
        ("es", "31 de marzo de 2026"),
        ("ru", "31 марта 2026 г."),
        ("ko", "2026년 3월 31일"),
        ("ja", "2026年3月31日"),
        ("zh-CN", "2026年3月31日"),
        ("zh-TW", "2026年3月31日"),
    ],
)
def test_a_day(language: str, said: str) -> None:
    assert plain(tongue(language).day(date(2026, 3, 31))).replace("\xa0", " ").replace("\u202f", " ") == said


def test_an_instant_is_told_on_the_clocks_of_the_customer() -> None:
    instant = datetime(2026, 3, 31, 20, 30, tzinfo=UTC)
    assert tongue("de", "America/New_York").write(instant) == "31. März 2026, 16:30"
    assert tongue("de", "Asia/Tokyo").write(instant) == "1. April 2026, 05:30"
    assert tongue("de", "Asia/Tokyo").day(instant, "short") == "01.04.26"
    assert tongue("de").write(time(9, 5)) == "09:05"


@pytest.mark.parametrize(
    ("money", "language", "said"),
    [
        (Money(32050, "USD"), "en", "$320.50"),
        (Money(32050, "EUR"), "de", "320,50 €"),
        (Money(5000, "JPY"), "ja", "￥5,000"),
        (Money(1500, "KWD"), "en", "KWD1.500"),
        (Money(-100, "USD"), "en", "-$1.00"),
        (Money(32000, "CNY"), "zh-CN", "¥320.00"),
    ],
)
def test_money(money: Money, language: str, said: str) -> None:
    assert tongue(language).write(money).replace("\xa0", " ") == said


def test_a_bare_number_as_money_counts_in_the_shops_main_unit() -> None:
    assert tongue("en", currency="JPY").money(300) == "¥300"
    assert tongue("en", currency="EUR").money(Decimal("12.5")) == "€12.50"


def test_numbers() -> None:
    german = tongue("de")
    assert german.number(1234567.891) == "1.234.567,891"
    assert german.number(2, 2) == "2"
    assert german.number(1.005, 1) == "1"
    assert german.percent(Fraction(1, 8)) == "12,5\xa0%"
    assert [german.write(value) for value in (3, 3.5, Decimal("3.5"), True, Fraction(1, 5))] == [
        "3",
        "3,5",
        "3,5",
        "ja",
        "20\xa0%",
    ]


def test_money_and_numbers_compare_in_the_main_unit_and_currencies_never_mix() -> None:
    assert Money(30000, "EUR") >= 300
    assert Money(29999, "EUR") < Decimal("300")
    assert Money(300, "JPY") == 300
    assert Money(300, "EUR") < Money(301, "EUR")
    assert Money(300, "EUR") != Money(300, "USD")
    with pytest.raises(TypeError):
        _ = Money(300, "EUR") < Money(301, "USD")


@pytest.mark.parametrize("tag", ["xx", "", "zz-ZZ", "e", "../etc"])
def test_a_language_that_does_not_exist_reads_english(tag: str) -> None:
    assert str(locale_of(tag)) == "en"


def test_the_nearest_language_is_taken() -> None:
    assert str(locale_of("de-XX")) == "de"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_own_words(language: str) -> None:
    words = phrases(language)
    assert words.unsubscribe
    assert "{brand}" in words.why
    assert language == "en" or words != phrases("en")


@pytest.mark.parametrize(
    ("tag", "same"),
    [("de-AT", "de"), ("zh", "zh-CN"), ("zh-SG", "zh-CN"), ("zh-HK", "zh-TW"), ("zh-Hant-HK", "zh-TW"), ("nl", "en")],
)
def test_regions_and_unknown_languages_borrow_words(tag: str, same: str) -> None:
    assert phrases(tag) == phrases(same)
