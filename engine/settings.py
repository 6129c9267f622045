"""The brand's settings: `settings/regulars.yaml`, and the kinds of voucher of `settings/vouchers.yaml`."""

from collections.abc import Mapping
from email.utils import parseaddr
from functools import lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from engine.literals import Cap, Duration, Name, SendWindow, Share, Text
from engine.times import DayWindow, Length, zone_named


class Declared(BaseModel):
    """What an author declares: frozen, and nothing unknown is let through."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True)


_ZONES = frozenset(available_timezones())  # looking them up reads a folder


def is_zone(name: str | None) -> bool:
    """Whether that is an IANA time zone."""
    return name in _ZONES


def _zone(text: Any) -> str:
    if not is_zone(str(text)):
        raise ValueError(f"`{text}` is not a time zone; write for example  Europe/Berlin")
    return str(text)


def _number(value: Any) -> Any:
    return value if isinstance(value, int) else int(str(value)) if str(value).isdecimal() else value


#: An IANA time zone.
Zone = Annotated[
    str, BeforeValidator(_zone), WithJsonSchema({"type": "string", "title": "time zone", "examples": ["Europe/Berlin"]})
]
_Count = Annotated[int, BeforeValidator(_number)]
_Secret = Annotated[
    str, WithJsonSchema({"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$", "title": "name of an environment variable"})
]


@lru_cache(maxsize=64)  # asked for each mail
def _bare(sender: str) -> str:
    return parseaddr(sender)[1]


class Brand(Declared):
    """Who speaks. The postal address stands in every marketing mail, as the law of many countries asks."""

    name: Text = Field(description="The shop's name, as customers know it.")
    address: Text = Field(description="Postal address, printed at the foot of every marketing mail.")
    website: Text | None = Field(default=None, description="Address of the shop's pages.")


class Email(Declared):
    """How mail leaves: the relay, the sender, and how many connections at once."""

    sender: Text = Field(alias="from", description="The sender's address: `Fine Shop <hello@shop.example>`.")
    reply_to: Text | None = Field(default=None, description="Where answers go, if not to the sender.")
    host: Text = Field(default="localhost", description="The SMTP relay.")
    port: _Count = Field(default=25, ge=1, le=65535, description="The relay's port.")
    security: Literal["none", "starttls", "tls"] = Field(
        default="none", description="What the connection must be; never less, whatever the relay offers."
    )
    user: Text | None = Field(default=None, description="User name at the relay.")
    password: _Secret | None = Field(
        default=None, description="The environment variable that holds the password; never the password itself."
    )
    connections: _Count = Field(default=5, ge=1, le=50, description="Connections to the relay at one time.")
    timeout: Duration = Field(default=Length(1, "minute"), description="How long the relay may take to answer.")

    @property
    def address(self) -> str:
        """The sender's bare address."""
        return _bare(self.sender)


class Channels(Declared):
    """The roads by which messages leave."""

    email: Email | None = Field(default=None, description="Mail over SMTP.")


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
