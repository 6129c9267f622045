"""The brand's settings: `settings/regulars.yaml`, and the kinds of voucher of `settings/vouchers.yaml`."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from babel.numbers import get_currency_precision
from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, WithJsonSchema

from engine.clocks.times import DayWindow, Length, zone_named
from engine.clocks.windows import WeekWindow
from engine.clocks.working import Feast, Week, parse_days
from engine.settings.braking import Brakes
from engine.settings.channels import Channels
from engine.settings.declared import Count, Declared
from engine.settings.delivery import ShopDelivery
from engine.settings.literals import Cap, Days, Duration, Limit, Name, SendHours, SendWindow, Share, Text
from engine.settings.sources import Source
from engine.settings.staff import Staff
from engine.settings.web import Web
from engine.settings.words import Words, in_language
from engine.source.near import near

_ZONES = frozenset(available_timezones())  # looking them up reads a folder
_SMALL = {name.lower(): name for name in sorted(_ZONES) if "/" in name}


def is_zone(name: str | None) -> bool:
    """Whether that is an IANA time zone."""
    return name in _ZONES


def _zone(text: Any) -> str:
    if not is_zone(str(text)):
        meant = near(str(text).lower(), _SMALL)
        advice = f"did you mean `{_SMALL[meant]}`?" if meant is not None else "write for example  Europe/Berlin"
        raise ValueError(f"`{text}` is not a time zone; {advice}")
    return str(text)


#: An IANA time zone.
Zone = Annotated[
    str, BeforeValidator(_zone), WithJsonSchema({"type": "string", "title": "time zone", "examples": ["Europe/Berlin"]})
]


class Brand(Declared):
    """Who speaks. The postal address stands in every marketing mail, as the law of many countries asks."""

    name: Text = Field(description="The shop's name, as customers know it.")
    names: Mapping[Text, Text] = Field(
        default_factory=dict, description="Its name in other languages, for the texts in them: `zh-CN: 松茉茶舍`."
    )
    address: Text = Field(description="Postal address, printed at the foot of every marketing mail.")
    website: Text | None = Field(default=None, description="Address of the shop's pages.")

    def named(self, languages: Iterable[str]) -> str:
        """The name in the first of these languages that has one of its own."""
        return next((self.names[one] for one in languages if one in self.names), self.name)


_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _closed(text: Any) -> Any:
    if isinstance(text, str) and _ISO_DAY.fullmatch(text):
        try:
            date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"`{text}` is no day of the calendar") from None
    return text


def _same_day(hours: DayWindow) -> DayWindow:
    if hours.closes < hours.opens:
        raise ValueError(f"`{hours}` goes over midnight; write the hours of one day, for example  09:00-18:00")
    return hours


_WEEK = "monday-friday"


class Working(Declared):
    """When the shop's people are there, by the brand's own clock: what `2 working days` counts."""

    days: Days = Field(
        default=parse_days(_WEEK),
        description="Days of the week: `monday-friday`, or a list.",
        json_schema_extra={"default": _WEEK},
    )
    hours: Annotated[SendWindow, AfterValidator(_same_day)] = Field(
        default=DayWindow.parse("09:00-18:00"), description="From when to when on those days."
    )
    closed: tuple[Annotated[Text, AfterValidator(_closed)], ...] = Field(
        default=(), description="Days off: dates such as 2026-12-24, or ids of settings/holidays.yaml."
    )
    country: Text | None = Field(
        default=None, description="By whose calendar those holidays are kept (ISO 3166); else that of `anywhere`."
    )

    @property
    def holidays(self) -> tuple[str, ...]:
        """The ids among the days off."""
        return tuple(one for one in self.closed if not _ISO_DAY.fullmatch(one))


@lru_cache(maxsize=16)
def _week(zone: ZoneInfo, working: Working, feasts: tuple[Feast, ...]) -> Week:
    closed = frozenset(date.fromisoformat(one) for one in working.closed if _ISO_DAY.fullmatch(one))
    return Week(zone, working.days, working.hours, closed, feasts)


class Limits(Declared):
    """What holds for every playbook, so that nobody is bothered."""

    cap: Cap | None = Field(
        default=None, description="Marketing messages that a customer gets at most, over all playbooks."
    )
    caps: Mapping[Literal["email", "sms", "chat"], Cap] = Field(
        default_factory=dict, description="The same for one channel, beside `cap`: `sms: 2 per 30 days`."
    )
    send_window: SendHours = Field(
        default=WeekWindow.parse("09:00-21:00"),
        description="Hours of the customer's day in which marketing may arrive: `09:00-21:00`, or by day of the week; a day "
        "that is not named is closed.",
    )
    catch_up: Duration = Field(
        default=Length(3, "day"),
        description="How far back a trigger looks after a standstill; what is older is left alone.",
    )


class Topic(Declared):
    """A subscription topic that a customer can leave by itself."""

    title: Words = Field(description="The topic's name, as customers see it; or one by language.")

    def named(self, languages: Iterable[str]) -> str | None:
        """The name for a reader of the first of these languages that has one; else in any language."""
        return in_language(self.title, languages) or next(iter(self.title.values()), None)


_Country = Annotated[
    str,
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$", "title": "country (ISO 3166)", "examples": ["DE"]}),
]


class Settings(Declared):
    """The brand, its languages and time zone, its channels, topics and limits."""

    brand: Brand = Field(description="Who speaks.")
    timezone: Zone = Field(description="The shop's time zone; customers without one of their own live in it.")
    country: _Country | None = Field(
        default=None, description="The shop's country; customers without one of their own keep its holidays."
    )
    currency: Text = Field(default="USD", description="ISO 4217 code of the currency of all amounts.")
    languages: tuple[Text, ...] = Field(
        default=("en",), min_length=1, description="Languages of the texts, the default first."
    )
    fallback: Mapping[Text, Text] = Field(
        default_factory=dict, description="Which language to take where one has no text: `zh-TW: zh-CN`."
    )
    web: Web = Field(default_factory=Web, description="Where the pages are by which customers leave or stay.")
    topics: Mapping[Name, Topic] = Field(default_factory=dict, description="The topics that a customer can leave.")
    channels: Channels = Field(default_factory=Channels, description="The roads by which messages leave.")
    sources: Mapping[Name, Source] = Field(
        default_factory=dict, description="The systems that tell what happened, by name: who may `POST /events`."
    )
    staff: Staff = Field(default_factory=Staff, description="The shop's own people and their teams.")
    limits: Limits = Field(default_factory=Limits, description="What holds for every playbook.")
    brakes: Brakes = Field(
        default_factory=Brakes,
        description="The brakes of every playbook that says nothing else.",
    )
    delivery: ShopDelivery = Field(
        default_factory=ShopDelivery,
        description="What becomes of messages without an answer, and how messages are written.",
    )
    working: Working = Field(default_factory=Working, description="When the shop's people are there.")

    #: The holidays on which the shop is closed, once they are known.
    _feasts: tuple[Feast, ...] = PrivateAttr(default=())

    def closed_on(self, feasts: tuple[Feast, ...]) -> "Settings":
        """The same settings of a shop that is closed on these holidays."""
        found = self.model_copy()
        found._feasts = feasts
        return found

    @property
    def week(self) -> Week:
        """The shop's working days and hours, in its own zone."""
        return _week(self.zone, self.working, self._feasts)

    @property
    def zone(self) -> ZoneInfo:
        """The brand's time zone."""
        return zone_named(self.timezone)

    def zone_of(self, name: str | None) -> ZoneInfo:
        """The customer's zone; the brand's where the customer has none, or one that does not exist."""
        return zone_named(name) if name and is_zone(name) else self.zone

    def brand_in(self, language: str) -> str:
        """The shop's name in texts of a language."""
        return self.brand.named((language, self.fallback.get(language, language), language.split("-")[0]))

    def language_chain(self, language: str | None) -> tuple[str, ...]:
        """Languages to try for a customer, in order, ending in the brand's own: zh-TW, its fallback, zh, en."""
        return tuple(dict.fromkeys((*(self.nearest(language) if language else ()), *self.languages)))

    def nearest(self, language: str) -> tuple[str, ...]:
        """A language, the one that is read in its place, and the one that it is a form of."""
        return language, self.fallback.get(language, language), language.split("-")[0]


def _times(value: Any) -> Limit:
    text = str(value)
    if re.fullmatch(r"[1-9]\d{0,3}", text):
        return Limit(int(text), None)
    found = re.fullmatch(r"([1-9]\d{0,3}) per (.+)", text)
    if not found:
        raise ValueError(f"`{value}` is not a limit; write for example  1  or  1 per 90 days")
    return Limit(int(found[1]), Length.lasting(found[2]))


_Times = Annotated[
    Limit,
    BeforeValidator(_times),
    WithJsonSchema({"type": ["string", "integer"], "title": "limit", "examples": ["1 per 90 days"]}),
]


class Voucher(Declared):
    """A kind of voucher: what it is worth, how its codes look, and how much of it there is."""

    title: Text = Field(description="What the voucher is, for people.")
    value: Text | None = Field(default=None, description="Money off, in the currency's main unit: `30` or `12.50`.")
    share: Share | None = Field(default=None, description="Share off: `20%`.")
    minimum: Text | None = Field(
        default=None, alias="from", description="The order must be this large, in the currency's main unit: `100`."
    )
    code: Text = Field(
        default="{random}", description="Pattern of a code; `{random}` becomes ten unguessable letters and digits."
    )
    pool: Text | None = Field(
        default=None,
        description="The codes are another system's: `imported`, or the name of the file that `regulars voucher import` reads.",
    )
    at_most: Annotated[Count, Field(ge=1), WithJsonSchema({"type": "integer", "minimum": 1})] | None = Field(
        default=None, description="So many are given at most; one that was taken back counts no more."
    )
    budget: Text | None = Field(
        default=None,
        description="What those that can be redeemed and those that were are worth together at most, in the main unit.",
    )
    per_customer: _Times | None = Field(
        default=None, description="How many one customer gets at most: `1`, or `1 per 90 days`."
    )

    @staticmethod
    def minor(amount: str | None, currency: str) -> int | None:
        """An amount as it is written, in the currency's minor units."""
        return None if amount is None else int(Decimal(amount).scaleb(get_currency_precision(currency)))
