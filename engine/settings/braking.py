"""What a playbook or the shop says of brakes: ceilings, a backlog, a canary, rates at which everything stops."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from engine.clocks.times import LASTING, Length
from engine.settings.declared import Count, Declared
from engine.settings.delivery import Delivery
from engine.settings.literals import Cap, SendHours, Share

_RATE = r"[1-9]\d{0,7} per (?:hour|day)"
_CEILING = f"{_RATE}(?: and {_RATE})?"
_CANARY = rf"(\d{{1,2}}(?:\.\d{{1,3}})?)% for ({LASTING})"
#: Who wins where nothing is said.
USUAL_PRIORITY = 50


@dataclass(frozen=True)
class Rate:
    """At most so many within any stretch of that length."""

    count: int
    per: Length

    def __str__(self) -> str:
        return f"{self.count} per {self.per.unit}"


@dataclass(frozen=True)
class Ceiling:
    """`500 per hour and 2000 per day`: all of these hold at once."""

    rates: tuple[Rate, ...]

    def __str__(self) -> str:
        return " and ".join(map(str, self.rates))


@dataclass(frozen=True)
class Canary:
    """`5% for 1 day`: this share goes ahead, and the others follow when that time has passed without a stop."""

    share: Fraction
    length: Length

    def __str__(self) -> str:
        return f"{float(self.share * 100):g}% for {self.length}"


def _ceiling(text: Any) -> Ceiling:
    if isinstance(text, Ceiling):
        return text
    if not re.fullmatch(_CEILING, str(text), re.ASCII):
        raise ValueError(
            f"`{text}` is not a ceiling; write for example  500 per hour  or  500 per hour and 2000 per day"
        )
    rates = []
    for part in str(text).split(" and "):
        count, _, unit = part.partition(" per ")
        rates.append(Rate(int(count), Length.parse(f"1 {unit}")))
    sizes = {rate.per.unit: rate.count for rate in rates}
    if len(sizes) == 2 and sizes["hour"] >= sizes["day"]:
        moot = f"the hour's ceiling is never reached: a day has {sizes['day']}"
        raise ValueError(f"{moot}; make the hour's smaller, or leave it out")
    if len(rates) == 2 and rates[0].per == rates[1].per:
        raise ValueError(
            f"`{text}` says the {rates[0].per.unit} twice; write for example  500 per hour and 2000 per day"
        )
    return Ceiling(tuple(rates))


def _canary(text: Any) -> Canary:
    if isinstance(text, Canary):
        return text
    found = re.fullmatch(_CANARY, str(text), re.ASCII)
    if not found or not Fraction(found[1]):
        raise ValueError(f"`{text}` is not a canary; write for example  5% for 1 day")
    return Canary(Fraction(found[1]) / 100, Length.parse(found[2]))


_written = PlainSerializer(str, return_type=str)


def _pattern(pattern: str, title: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$", "title": title, "examples": [example]})


CeilingText = Annotated[Ceiling, BeforeValidator(_ceiling), _written, _pattern(_CEILING, "ceiling", "500 per hour")]
CanaryText = Annotated[Canary, BeforeValidator(_canary), _written, _pattern(_CANARY, "canary", "5% for 1 day")]


def _some(share: Fraction) -> Fraction:
    if not share:
        raise ValueError("`0%` would stop at the first message; write for example  5%")
    return share


_Some = Annotated[Share, AfterValidator(_some)]
_Positive = Annotated[Count, Field(ge=1), WithJsonSchema({"type": "integer", "minimum": 1})]


class Brakes(Declared):
    """What stops a playbook before it does harm; what exceeds a ceiling waits, and nobody is lost."""

    entries: CeilingText | None = Field(
        default=None,
        description="How many begin within any hour or day; of a playbook its own, in the settings all together.",
    )
    sends: CeilingText | None = Field(
        default=None,
        description="How many messages go within any hour or day; of a playbook its own, in the settings all together.",
    )
    backlog: _Positive | None = Field(
        default=None,
        description="More occasions than this that are over an hour old, after a standstill or a late import, wait for "
        "`regulars release`.",
    )
    canary: CanaryText | None = Field(
        default=None,
        description="The share of people who begin at once with a new version, and how long the others wait for them.",
    )
    bounces: _Some | None = Field(
        default=None,
        description="The share of messages that bounce, among the last 200 (from 50 on), at which a playbook stops.",
    )
    complaints: _Some | None = Field(
        default=None,
        description="The share of complaints, among the last 1000 messages (from 50 on), at which a playbook stops.",
    )


class Guarded(Declared):
    """The keys of a playbook about whom it gives way to, and what holds it back."""

    send_window: SendHours | None = Field(
        default=None,
        description="Hours of the customer's day in which its messages may arrive: `09:00-21:00`, or by day of the week; "
        "a day that is not named is closed.",
    )
    cap: Cap | None = Field(
        default=None, description="Messages of this playbook that a customer gets at most, beside `limits.cap`."
    )
    priority: Count = Field(
        default=USUAL_PRIORITY,
        ge=1,
        le=100,
        description="Who goes first where a cap leaves fewer places than messages wait for a customer: 100 before 1.",
    )
    if_complaint: Literal["wait", "send"] = Field(
        default="wait", description="What its marketing does while the customer has an open complaint."
    )
    brakes: Brakes = Field(default_factory=Brakes, description="The brakes of this playbook, beside those of the shop.")
    delivery: Delivery = Field(
        default_factory=Delivery,
        description="What becomes of its messages without an answer, where not as in the settings.",
    )
