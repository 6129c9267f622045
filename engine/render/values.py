"""Values as customers read them: money, dates and numbers by locale, and every text without tricks."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, total_ordering
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from engine.render.phrases import phrases

#: How long a date or an hour is written.
STYLES = ("short", "medium", "long", "full")

_BREAK = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
# Control characters; what turns the direction of the text around it; what has no place in a text at all.
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffc\ufffe\uffff]"
)


@dataclass(frozen=True)
class Several(Mapping[str, Any]):
    """A list that a text goes over, `{% for event in events %}`, and that knows how many there are in all: `events.count`."""

    listed: Sequence[Mapping[str, Any]]
    count: int

    def __getitem__(self, name: str) -> Any:
        return {"count": self.count}[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.listed)

    def __len__(self) -> int:
        return len(self.listed)


@total_ordering
@dataclass(frozen=True, eq=False)
class Money:
    """An amount in whole minor units of its currency (ISO 4217); compared with a number it counts in main units."""

    minor: int
    currency: str

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Money):
            return (self.currency, self.minor) == (other.currency, other.minor)
        return isinstance(other, int | float | Decimal) and self.amount == other

    def __lt__(self, other: Any) -> bool:
        if isinstance(other, Money) and other.currency == self.currency:
            return self.minor < other.minor
        return bool(self.amount < other) if isinstance(other, int | float | Decimal) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.minor, self.currency))

    @property
    def amount(self) -> Decimal:
        """The amount in the currency's main unit: 32050 USD is 320.50, 5000 JPY is 5000."""
        return Decimal(self.minor).scaleb(-get_currency_precision(self.currency))


def plain(text: str) -> str:
    """A text in one line, without control characters and without characters that turn the writing direction."""
    if text.isprintable():
        return text
    return _UNSEEN.sub("", _BREAK.sub(" ", text))


@lru_cache(maxsize=256)
def locale_of(language: str) -> Locale:
    """The locale of a language tag, or of the nearest that exists; English where there is none."""
    for tag in (language, language.split("-")[0], "en"):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError("English is always there")


@dataclass(frozen=True)
class Tongue:
    """How one customer reads: the language of the mail, the zone in which hours are told, the shop's currency."""

    language: str
    zone: ZoneInfo
    currency: str

    @property
    def locale(self) -> Locale:
        """The locale that writes numbers and dates."""
        return locale_of(self.language)

    def write(self, value: Any) -> str:
        """A value as it stands in a mail. Raises `ValueError` for what has no written form."""
        if isinstance(value, str):
            return plain(value)
        if isinstance(value, bool):
            return phrases(self.language).yes if value else phrases(self.language).no
        if isinstance(value, int):
            return str(value)
        if isinstance(value, Money):
            return self.money(value)
        return self._write_rest(value)

    def _write_rest(self, value: Any) -> str:
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, time):
            return self._clock(value, "short")
        if isinstance(value, Fraction):
            return self.percent(value)
        if isinstance(value, float | Decimal):
            return self.number(value)
        if isinstance(value, Collection) and not isinstance(value, Mapping | bytes):
            return str(format_list([self.write(one) for one in value], locale=self.locale))
        raise ValueError("this is not one value but several; write for example  {{ customer.first_name }}")

    def day(self, value: Any, style: str = "long") -> str:
        """The day, in the customer's zone where `value` is an instant: `2026年3月31日`."""
        day = self._local(value).date() if isinstance(value, datetime) else value
        if not isinstance(day, date):
            raise ValueError("`date` needs a date")
        return _day(day, _style(style), self.language)

    def hour(self, value: Any, style: str = "short") -> str:
        """The hour, in the customer's zone: `17:05`."""
        if not isinstance(value, datetime):
            raise ValueError("`time` needs a moment with an hour")
        return self._clock(self._local(value), _style(style), tzinfo=self.zone)

    def _clock(self, value: Any, style: str, **where: Any) -> str:
        pattern = str(self.locale.time_formats[style].pattern)
        if self.locale.language == "ko":
            pattern = pattern.replace("a ", "aaaa ")  # the short form that the data has is English: `PM 3:30`
        return str(format_time(value, pattern, locale=self.locale, **where))

    def moment(self, value: Any, style: str = "long") -> str:
        """Day and hour in the customer's zone: `31. März 2026, 17:05`."""
        joined = str(self.locale.datetime_formats[_style(style)])
        return joined.replace("{1}", self.day(value, style)).replace("{0}", self.hour(value)).replace("'", "")

    def money(self, value: Any) -> str:
        """An amount with its currency; a bare number counts in the main unit of the shop's currency."""
        if isinstance(value, Money):
            return _money(value, self.language)
        return str(format_currency(_numeric("money", value), self.currency, locale=self.locale))

    def number(self, value: Any, digits: int | None = None) -> str:
        """A number with the separators of the language: `1.234,5`."""
        exact = _numeric("number", value)
        if digits is not None:
            exact = round(exact, min(max(int(digits), 0), 9))
        return str(format_decimal(exact, locale=self.locale, decimal_quantization=False))

    def percent(self, value: Any) -> str:
        """A share of one: 0.2 is `20 %`."""
        return str(format_percent(_numeric("percent", value), locale=self.locale, decimal_quantization=False))

    def _local(self, value: datetime) -> datetime:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(self.zone)


@lru_cache(maxsize=4096)
def _day(day: date, style: Any, language: str) -> str:
    return str(format_date(day, style, locale=locale_of(language)))


@lru_cache(maxsize=4096)
def _money(value: Money, language: str) -> str:
    return str(format_currency(value.amount, value.currency, locale=locale_of(language)))


def _numeric(filter_name: str, value: Any) -> Decimal:
    if isinstance(value, Money):
        return value.amount
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Decimal(str(value))
    raise ValueError(f"`{filter_name}` needs a number")


def _style(style: str) -> Any:
    if style not in STYLES:
        raise ValueError(f"`{style}` is not a length of a date; write  {',  '.join(STYLES)}")
    return style
