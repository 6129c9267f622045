"""The terms of a condition: the fields it names, its literals, and the moments that are known once `now` is."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from engine.catalogue import Field, Type
from engine.clocks.times import Length, local_instant

#: Words of the language; as values they stand in quotes.
RESERVED: Final = frozenset(
    [
        *("and", "or", "not", "is", "in", "of", "segment", "contains", "empty", "before", "after"),
        *("ago", "from", "now", "today", "true", "false"),
    ]
)
_BARE: Final = re.compile(r"\w[\w+-]*")


@dataclass(frozen=True)
class Mention:
    """A field as a condition names it: `customer.tier`."""

    scope: str
    field: Field

    def __str__(self) -> str:
        return f"{self.scope}.{self.field.name}"


@dataclass(frozen=True)
class Value:
    """A literal: a text, a yes or no, a number, or whole minor units of money; `written` is its canonical text."""

    plain: str | bool | int | float
    written: str = field(compare=False)

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True)
class Share:
    """`70% of customer.average_order`, as an exact ratio."""

    ratio: Fraction
    mention: Mention

    def __str__(self) -> str:
        return f"{percent(self.ratio)} of {self.mention}"


@dataclass(frozen=True)
class Moment:
    """A point in time that is known once `now` is: `90 days ago`, `today`, `2026-03-01`.

    `further` reaches back from there once more: where the window of a metric begins that ends some time ago.
    """

    kind: Literal["ago", "from now", "now", "today", "day"]
    length: Length | None = None
    day: date | None = None
    further: Length | None = None

    @lru_cache(maxsize=1024)  # noqa: B019  (one evaluation asks for few moments, and many records ask for the same)
    def instant(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The instant in UTC; a day is its first instant in that zone."""
        at = self._reached(now, zone)
        return at if self.further is None else self.further.ago(at, zone)

    def local_day(self, now: datetime, zone: ZoneInfo) -> date:
        """The day in that zone, for a compare with a date."""
        return self.day or self.instant(now, zone).astimezone(zone).date()

    @property
    def moves(self) -> bool:
        """Whether time alone changes it."""
        return self.day is None

    def _reached(self, now: datetime, zone: ZoneInfo) -> datetime:
        if self.day is not None:
            return local_instant(self.day, time(), zone)
        if self.kind == "today":
            return local_instant(now.astimezone(zone).date(), time(), zone)
        if self.length is None:
            return now.astimezone(UTC)
        return self.length.ago(now, zone) if self.kind == "ago" else self.length.from_now(now, zone)

    def __str__(self) -> str:
        if self.day is not None:
            return self.day.isoformat()
        return self.kind if self.length is None else f"{self.length} {self.kind}"


def text_value(text: str) -> Value:
    """A text as a literal: bare where it is one word that the language has no other use for."""
    bare = _BARE.fullmatch(text) and text not in RESERVED
    return Value(text, text if bare else "'" + text.replace("'", "''") + "'")


def percent(ratio: Fraction) -> str:
    """A ratio as people write it: `70%`, `12.5%`."""
    return f"{float(ratio * 100):.6f}".rstrip("0").rstrip(".") + "%"


def is_textual(kind: Type) -> bool:
    """Whether values are texts, for which the empty one counts as missing."""
    return kind in (Type.TEXT, Type.CHOICE)
