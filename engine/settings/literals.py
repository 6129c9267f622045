"""How single values are written in files: lengths of time, hours, shares, names; each with its JSON Schema."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from engine.clocks.times import CLOCK, LASTING, DayWindow, Length, parse_clock
from engine.clocks.windows import CLOSED, DAYS, GROUPS, WeekWindow
from engine.clocks.working import LASTING_SPAN, parse_days, parse_lasting_span
from engine.clocks.working import Span as _Span

_NAME = r"[a-z0-9][a-z0-9._-]*"
_PLAIN = {"type": ["string", "number", "boolean"]}  # `0123` and `3.10` are texts too; the text stays as written


def _pattern(pattern: str, title: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$", "title": title, "examples": [example]})


@dataclass(frozen=True)
class Limit:
    """How often: `count` times within `per` (None: ever)."""

    count: int
    per: Length | None
    of_customer: bool = False  # also in a playbook with a `key:`

    @property
    def as_entry(self) -> str:
        """The rule of entry as it is written."""
        per = f" per {self.per}" if self.per else ""
        return f"once{per}{' per customer' if self.of_customer else ''}"


def _share(text: Any) -> Fraction:
    found = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,3}))?%", str(text))
    share = Fraction(str(text)[:-1]) / 100 if found else None
    if share is None or share > 1:
        raise ValueError(f"`{text}` is not a share; write for example  10%")
    return share


def _entry(text: Any) -> Limit | None:
    if text == "always":
        return None
    found = re.fullmatch(r"once(?: per (?!customer)(.+?))?( per customer)?", str(text))
    if not found:
        raise ValueError(f"`{text}` is not a rule of entry; write  always,  once  or  once per 30 days")
    return Limit(1, Length.lasting(found[1]) if found[1] else None, of_customer=found[2] is not None)


def _cap(text: Any) -> Limit:
    found = re.fullmatch(r"(\d{1,4}) per (.+)", str(text))
    if not found:
        raise ValueError(f"`{text}` is not a cap; write for example  3 per 7 days")
    if not found[1].strip("0"):
        raise ValueError(f"`{text}` would let nothing through; write for example  3 per 7 days")
    return Limit(int(found[1]), Length.lasting(found[2]))


def _local_moment(text: Any) -> datetime:
    if isinstance(text, datetime):
        return text
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M")  # noqa: DTZ007  (of no zone: each customer has his own)
    except ValueError:
        raise ValueError(f"`{text}` is no moment of the calendar; write for example  2026-12-20 10:00") from None


def _name(text: Any) -> str:
    if not re.fullmatch(_NAME, str(text)):
        raise ValueError(f"`{text}` is not a name; use small letters, digits and `-`")
    return str(text)


def _as_text(value: Any) -> str:
    if isinstance(value, (dict, list)) or value is None:
        raise ValueError("a text is needed here")
    return str(value)


_written = PlainSerializer(str, return_type=str)

#: Any one text.
Text = Annotated[str, BeforeValidator(_as_text), WithJsonSchema(_PLAIN)]
#: An id: a playbook, a message, a voucher kind, a tag, a task.
Name = Annotated[str, BeforeValidator(_name), WithJsonSchema({**_PLAIN, "pattern": f"^{_NAME}$", "title": "name"})]
#: `7 days`
Duration = Annotated[Length, BeforeValidator(Length.lasting), _written, _pattern(LASTING, "length of time", "7 days")]
_DAY_OF_WEEK: dict[str, Any] = {
    "type": "string",
    "pattern": rf"^(?:{'|'.join(DAYS)})(?:-(?:{'|'.join(DAYS)}))?$",
    "title": "day of the week",
}
#: `[thursday, friday]`, or `monday-friday`
Days = Annotated[
    frozenset[int],
    BeforeValidator(parse_days),
    WithJsonSchema(
        {
            "type": ["string", "array"],
            "items": _DAY_OF_WEEK,
            "minItems": 1,
            "pattern": _DAY_OF_WEEK["pattern"],
            "title": "days of the week",
            "examples": ["monday-friday"],
        }
    ),
]
#: `7 days`, `2 working days`
Span = Annotated[
    _Span, BeforeValidator(parse_lasting_span), _written, _pattern(LASTING_SPAN, "length of time", "2 working days")
]
#: `2026-12-20 10:00`
LocalMoment = Annotated[
    datetime,
    BeforeValidator(_local_moment),
    PlainSerializer(lambda moment: f"{moment:%Y-%m-%d %H:%M}", return_type=str),
    _pattern(rf"\d{{4}}-\d{{2}}-\d{{2}} {CLOCK}", "moment", "2026-12-20 10:00"),
]
#: `10:00`
Clock = Annotated[
    time,
    BeforeValidator(parse_clock),
    PlainSerializer(lambda at: f"{at:%H:%M}", return_type=str),
    _pattern(CLOCK, "time of day", "10:00"),
]
#: `09:00-21:00`
SendWindow = Annotated[
    DayWindow,
    BeforeValidator(DayWindow.parse),
    _written,
    _pattern(f"{CLOCK}-{CLOCK}", "window of the day", "09:00-21:00"),
]
_HOURS_OF_DAY = {"type": "string", "pattern": f"^(?:{CLOCK}-{CLOCK}|{CLOSED})$", "title": "window of the day"}
#: `09:00-21:00`, or hours by day of the week
SendHours = Annotated[
    WeekWindow,
    BeforeValidator(WeekWindow.parse),
    _written,
    WithJsonSchema(
        {
            "type": ["string", "object"],
            "pattern": f"^{CLOCK}-{CLOCK}$",
            "properties": {
                day: {**_HOURS_OF_DAY, "examples": ["09:00-21:00"], "description": f"Hours of {day}, or `{CLOSED}`."}
                for day in (*GROUPS, *DAYS)
            },
            "additionalProperties": False,
            "minProperties": 1,
            "title": "send window",
            "examples": ["09:00-21:00"],
        }
    ),
]
#: `10%`
Share = Annotated[
    Fraction,
    BeforeValidator(_share),
    PlainSerializer(lambda share: f"{float(share * 100):g}%", return_type=str),
    _pattern(r"\d{1,3}(?:\.\d{1,3})?%", "share", "10%"),
]
#: `always`, `once`, `once per 30 days`, `once per 30 days per customer`
Entry = Annotated[
    Limit | None,
    BeforeValidator(_entry),
    _written,
    _pattern(f"always|once(?: per {LASTING})?(?: per customer)?", "rule of entry", "once per 30 days"),
]
#: `3 per 7 days`
Cap = Annotated[Limit, BeforeValidator(_cap), _written, _pattern(rf"\d{{1,4}} per {LASTING}", "cap", "3 per 7 days")]
