"""The brand's settings: `settings/regulars.yaml`, and the kinds of voucher of `settings/vouchers.yaml`."""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, WithJsonSchema

from engine.channel_settings import Channels
from engine.declared import Declared
from engine.literals import Cap, Duration, Name, SendWindow, Share, Text
from engine.times import DayWindow, Length, zone_named
from engine.working import Week, parse_days

_ZONES = frozenset(available_timezones())  # looking them up reads a folder


def is_zone(name: str | None) -> bool:
    """Whether that is an IANA time zone."""
    return name in _ZONES


def _zone(text: Any) -> str:
    if not is_zone(str(text)):
        raise ValueError(f"`{text}` is not a time zone; write for example  Europe/Berlin")
    return str(text)


#: An IANA time zone.
Zone = Annotated[
    str, BeforeValidator(_zone), WithJsonSchema({"type": "string", "title": "time zone", "examples": ["Europe/Berlin"]})
]


class Brand(Declared):
    """Who speaks. The postal address stands in every marketing mail, as the law of many countries asks."""

    name: Text = Field(description="The shop's name, as customers know it.")
    address: Text = Field(description="Postal address, printed at the foot of every marketing mail.")
    website: Text | None = Field(default=None, description="Address of the shop's pages.")


_Days = Annotated[
    frozenset[int],
    BeforeValidator(parse_days),
    WithJsonSchema(
        {
            "type": ["string", "array"],
            "items": {"type": "string"},
            "title": "days of the week",
            "examples": ["monday-friday"],
        }  # fmt: skip
    ),
]


class Working(Declared):
    """When the shop's people are there, by the brand's own clock: what `2 working days` counts."""

    days: _Days = Field(default=frozenset(range(5)), description="Days of the week: `monday-friday`, or a list.")
    hours: SendWindow = Field(default=DayWindow.parse("09:00-18:00"), description="From when to when on those days.")
    closed: tuple[Text, ...] = Field(
        default=(), description="Days off: dates such as 2026-12-24, or ids of settings/holidays.yaml."
    )


_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@lru_cache(maxsize=16)
def _week(zone: ZoneInfo, working: Working) -> Week:
    closed = frozenset(date.fromisoformat(one) for one in working.closed if _ISO_DAY.fullmatch(one))
    return Week(zone, working.days, working.hours, closed)


class Limits(Declared):
    """What holds for every playbook, so that nobody is bothered."""

    cap: Cap | None = Field(
        default=None, description="Marketing messages that a customer gets at most, over all playbooks."
    )
    send_window: SendWindow = Field(
        default=DayWindow.parse("09:00-21:00"), description="Hours of the customer's day in which marketing may arrive."
    )
    catch_up: Duration = Field(
        default=Length(3, "day"),
        description="How far back a trigger looks after a standstill; what is older is left alone.",
    )


class Topic(Declared):
    """A subscription topic that a customer can leave by itself."""

    title: Text = Field(description="The topic's name, as customers see it.")


class Settings(Declared):
    """The brand, its languages and time zone, its channels, topics and limits."""

    brand: Brand = Field(description="Who speaks.")
    timezone: Zone = Field(description="The shop's time zone; customers without one of their own live in it.")
    currency: Text = Field(default="USD", description="ISO 4217 code of the currency of all amounts.")
    languages: tuple[Text, ...] = Field(
        default=("en",), min_length=1, description="Languages of the texts, the default first."
    )
    fallback: Mapping[Text, Text] = Field(
        default_factory=dict, description="Which language to take where one has no text: `zh-TW: zh-CN`."
    )
    unsubscribe_url: Text = Field(
        default="http://localhost:8080/u", description="Where the unsubscribe page lives; the signed token is appended."
    )
    topics: Mapping[Name, Topic] = Field(default_factory=dict, description="The topics that a customer can leave.")
    channels: Channels = Field(default_factory=Channels, description="The roads by which messages leave.")
    limits: Limits = Field(default_factory=Limits, description="What holds for every playbook.")
    working: Working = Field(default_factory=Working, description="When the shop's people are there.")

    @property
    def week(self) -> Week:
        """The shop's working days and hours, in its own zone."""
        return _week(self.zone, self.working)

    @property
    def zone(self) -> ZoneInfo:
        """The brand's time zone."""
        return zone_named(self.timezone)

    def zone_of(self, name: str | None) -> ZoneInfo:
        """The customer's zone; the brand's where the customer has none, or one that does not exist."""
        return zone_named(name) if name and is_zone(name) else self.zone

    def language_chain(self, language: str | None) -> tuple[str, ...]:
        """Languages to try for a customer, in order, ending in the brand's own: zh-TW, its fallback, zh, en."""
        chain: list[str] = []
        if language:
            chain.append(language)
            if language in self.fallback:
                chain.append(self.fallback[language])
            chain.append(language.split("-")[0])
        chain.extend(self.languages)
        return tuple(dict.fromkeys(chain))


class Voucher(Declared):
    """A kind of voucher: what it is worth and how its codes look."""

    title: Text = Field(description="What the voucher is, for people.")
    value: Text | None = Field(default=None, description="Money off, in the currency's main unit: `30` or `12.50`.")
    share: Share | None = Field(default=None, description="Share off: `20%`.")
    code: Text = Field(
        default="{random}", description="Pattern of a code; `{random}` becomes ten unguessable letters and digits."
    )
