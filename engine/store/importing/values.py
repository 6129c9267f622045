"""From the text of one field to a value of the store; every function raises `ValueError` with a reason for people."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from engine.addresses import bare_number, parse_address

_LONGEST_KEY = 200
_LONGEST_TEXT = 1_000
_MOST_TAGS = 100
#: Columns with few different values are read once for each value.
_REMEMBERED = 50_000
#: Amounts and numbers stay far inside 64 bits, so that sums do, too.
LARGEST: Final = 10**15

_EARLIEST_YEAR, _LATEST_YEAR = 1900, 2200
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_AMOUNT = re.compile(r"(-?)(\d{1,19})(?:\.(\d+))?", re.ASCII)
_PHONE = re.compile(r"\+?[\d ()./-]{4,30}", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
_DOT_ATOM = re.compile(r"[A-Za-z0-9+_-]{1,64}(?:\.[A-Za-z0-9+_-]{1,64})*", re.ASCII)
_YES = {"yes", "true", "1", "y"}
_NO = {"no", "false", "0", "n"}


class Doubt(ValueError):
    """The value is left out, and the row goes in all the same: something has a default in its place."""


def text(field: str, longest: int = _LONGEST_TEXT) -> str:
    """Any text on one line, as it is written, without space around it."""
    found = field.strip()
    if _CONTROL.search(found):
        raise ValueError("contains a line break or a control character")
    if len(found) > longest:
        raise ValueError(f"is longer than {longest:,} characters")
    return found


def key(field: str) -> str:
    """An id or a code."""
    return text(field, _LONGEST_KEY)


def address(field: str) -> str:
    """Exactly one e-mail address. Plain ones are read quickly: parsing each in full takes longer than storing it."""
    local, _, domain = field.strip().rpartition("@")
    if len(local) <= 64 and len(field) <= 254 and _DOT_ATOM.fullmatch(local) and domain.isascii() and _domain(domain):
        return f"{local}@{domain.lower()}"
    return parse_address(field)


@lru_cache(maxsize=10_000)
def _domain(domain: str) -> bool:
    try:
        return parse_address(f"a@{domain}") == f"a@{domain.lower()}"
    except ValueError:
        return False


def phone(field: str) -> str:
    """A number as people write it; kept without spaces and signs."""
    if not _PHONE.fullmatch(field.strip()):
        raise ValueError(f"`{field}` is not a phone number; write for example  +49 30 1234567")
    return bare_number(field)


@lru_cache(maxsize=_REMEMBERED)
def language(field: str) -> str:
    """A language tag (BCP 47), in its usual case: `zh-TW`."""
    if not _LANGUAGE.fullmatch(field.strip()):
        raise Doubt("not a language tag such as  en  or  zh-TW: left empty")
    first, *rest = field.strip().replace("_", "-").split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part.title() for part in rest)])


@lru_cache(maxsize=_REMEMBERED)
def country(field: str) -> str:
    """Two letters (ISO 3166)."""
    if not _COUNTRY.fullmatch(field.strip()):
        raise Doubt("not a country of two letters such as  DE: left empty")
    return field.strip().upper()


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=_REMEMBERED)
def zone(field: str) -> str:
    """An IANA time zone."""
    if field.strip() not in _zones():
        raise Doubt("not a time zone such as  Europe/Berlin: the shop's is used")
    return field.strip()


@lru_cache(maxsize=_REMEMBERED)
def day(field: str) -> date:
    """A date, `2026-03-01` only: `01/03/2026` is March in one country and January in another."""
    found = field.strip()
    if not _DAY.fullmatch(found):
        raise ValueError(f"`{field}` is not a date; write for example  2026-03-01")
    try:
        read = date.fromisoformat(found)
    except ValueError:
        raise ValueError(f"`{field}` is not a day of the calendar") from None
    if not _EARLIEST_YEAR <= read.year <= _LATEST_YEAR:
        raise ValueError(f"the year {read.year} lies outside of {_EARLIEST_YEAR} to {_LATEST_YEAR}")
    return read


def instant(field: str, where: ZoneInfo) -> datetime:
    """`2026-03-01`, `2026-03-01 12:30` or with seconds and `Z` or `+01:00`; without those, on the clocks of `where`."""
    found = _INSTANT.fullmatch(field.strip())
    if not found:
        raise ValueError(f"`{field}` is not a time; write for example  2026-03-01 12:30  or  2026-03-01T12:30:00Z")
    on, clock, offset = found[1], found[2] or "00:00", found[3] or ""
    day(on)
    try:
        read = datetime.fromisoformat(f"{on}T{clock}{offset}")
    except ValueError:
        raise ValueError(f"`{field}` is not a time of a clock") from None
    return (read if offset else read.replace(tzinfo=where)).astimezone(UTC)


def amount(field: str, exponent: int) -> int:
    """An amount in the currency's main unit, as minor units: exactly, never through a float."""
    found = _AMOUNT.fullmatch(field.strip())
    if not found:
        raise ValueError(f"`{field}` is not an amount; write for example  1299.50, without signs between thousands")
    sign, whole, decimals = found[1], found[2], (found[3] or "").rstrip("0")
    if len(decimals) > exponent:
        raise ValueError(f"`{field}` has more than {exponent} decimals, the currency's smallest unit")
    minor = int(whole + decimals.ljust(exponent, "0"))
    if minor >= LARGEST:
        raise ValueError(f"`{field}` is too large")
    return -minor if sign else minor


def not_negative(found: int) -> int:
    """The same number, unless it is below 0."""
    if found < 0:
        raise ValueError("is below 0")
    return found


def whole(field: str) -> int:
    """A whole number."""
    return amount(field, 0)


def number(field: str) -> int | float:
    """A whole number, or one with decimals."""
    found = _AMOUNT.fullmatch(field.strip())
    if not found or int(found[2]) >= LARGEST:
        raise ValueError(f"`{field}` is not a number; write for example  12.5")
    return float(field) if found[3] else int(field)


def yes_no(field: str) -> bool:
    """Yes or no."""
    found = field.strip().lower()
    if found not in _YES | _NO:
        raise ValueError(f"`{field}` is neither yes nor no")
    return found in _YES


def consent(field: str, where: ZoneInfo) -> bool | datetime:
    """Yes, no, or the time at which consent was given."""
    found = field.strip()
    if found.lower() in _YES | _NO:
        return yes_no(field)
    if not _INSTANT.fullmatch(found):
        raise ValueError(f"`{field}` is no consent; write  yes,  no,  or when it was given:  2026-03-01 12:30")
    return instant(field, where)


@lru_cache(maxsize=_REMEMBERED)
def tags(field: str) -> tuple[str, ...]:
    """Tags with commas, semicolons or bars between them."""
    found = tuple(dict.fromkeys(key(part) for part in re.split(r"[,;|]", field) if part.strip()))
    if len(found) > _MOST_TAGS:
        raise ValueError(f"has more than {_MOST_TAGS} tags")
    return found
