"""The roads by which messages leave, as `channels:` of the settings declares them; secrets only by the names of variables."""

import re
from collections.abc import Collection, Iterable, Mapping
from email.utils import parseaddr
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from engine.clocks.times import Length
from engine.settings.declared import Count, Declared, Secret
from engine.settings.literals import Duration, Name, Text
from engine.settings.mail import Bounces, Dkim, PerDomain, SenderId
from engine.settings.words import Words, in_language

_Prefix = Annotated[
    str,
    WithJsonSchema(
        {"type": "string", "pattern": r"^\+[1-9]\d{0,3}$", "title": "country prefix", "examples": ["'+49'"]}
    ),
]
_UNITS = {"second": 1.0, "minute": 60.0}


def _patience(text: Any) -> Any:
    found = re.fullmatch(r"([1-9]\d{0,2}) (second|minute)s?", str(text))
    if not found:
        raise ValueError(f"`{text}` is not a time to wait for an answer; write for example  15 seconds")
    return int(found[1]) * _UNITS[found[2]]


#: How long a provider may take to answer, in seconds; lengths of time elsewhere in the language begin at a minute.
_Patience = Annotated[
    float,
    BeforeValidator(_patience),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^[1-9]\d{0,2} (second|minute)s?$",
            "title": "time to wait for an answer",
            "examples": ["15 seconds"],
        }
    ),
]
_TIMEOUT = 15.0


@lru_cache(maxsize=64)  # asked for each mail
def _bare(sender: str) -> str:
    return parseaddr(sender)[1]


class Email(Declared):
    """How mail leaves: the relay, the sender, and how many connections at once."""

    sender: Text = Field(alias="from", description="The sender's address: `Fine Shop <hello@shop.example>`.")
    reply_to: Text | None = Field(default=None, description="Where answers go, if not to the sender.")
    host: Text = Field(default="localhost", description="The SMTP relay.")
    port: Count = Field(default=25, ge=1, le=65535, description="The relay's port.")
    security: Literal["none", "starttls", "tls"] = Field(
        default="none", description="What the connection must be; never less, whatever the relay offers."
    )
    user: Text | None = Field(default=None, description="User name at the relay.")
    password: Secret | None = Field(
        default=None, description="The environment variable that holds the password; never the password itself."
    )
    connections: Count = Field(default=5, ge=1, le=50, description="Connections to the relay at one time.")
    timeout: Duration = Field(default=Length(1, "minute"), description="How long the relay may take to answer.")
    final_timeout: Duration = Field(
        default=Length(2, "minute"),
        description="How long the relay may take to say that it has a mail, once it has all of it; without that word the mail is "
        "uncertain. A server that delivers at once to others needs `10 minutes`.",
    )
    per_domain: PerDomain | None = Field(default=None, description="Limits for the recipients of each domain.")
    bounces: Bounces | None = Field(default=None, description="Where bounces and complaints come in.")
    feedback_id: SenderId = Field(
        default=None,
        description="Marks every mail with its playbook and message for Gmail's Postmaster Tools: `true`, or a sender id of "
        "your own.",
    )
    dkim: Dkim | None = Field(default=None, description="Signs every mail; leave it out where the relay does.")

    @property
    def address(self) -> str:
        """The sender's bare address."""
        return _bare(self.sender)


class Sms(Declared):
    """How text messages leave: a provider that speaks like Twilio, or any other one over HTTP."""

    provider: Literal["twilio", "http"] = Field(description="`twilio`, or `http` for a provider described here.")
    sender: Text | None = Field(default=None, alias="from", description="The number or name that people see.")
    prefix: _Prefix | None = Field(
        default=None, description="The country prefix of numbers that have none: `'+49'`. Without it they are refused."
    )
    account: Secret | None = Field(default=None, description="twilio: the variable with the account's SID.")
    token: Secret | None = Field(default=None, description="twilio: the variable with the account's token.")
    messaging_service: Text | None = Field(
        default=None, description="twilio: the SID of a messaging service, in the place of `from`."
    )
    api: Text = Field(
        default="https://api.twilio.com", description="twilio: the server, for others that speak like Twilio."
    )
    url: Secret | None = Field(
        default=None, description="http: the variable with the provider's address; `{to}` in it becomes the number."
    )
    method: Literal["POST", "PUT"] = Field(default="POST", description="http: how the provider is called.")
    headers: Mapping[Text, Secret] = Field(
        default_factory=dict, description="http: headers, each with the variable that holds its value."
    )
    body: Literal["json", "form"] = Field(default="json", description="http: how the fields are written.")
    fields: Mapping[Text, Text] = Field(
        default_factory=dict,
        description="http: the fields to send; `{to}`, `{text}`, `{key}` and `{from}` are filled in. "
        "`{key}` never changes for one message.",
    )
    taken_when: Mapping[Text, Text] = Field(
        default_factory=dict,
        description="http: fields of the answer that must be so, or the message counts as refused: `code: OK`. "
        "For providers that answer 200 to everything.",
    )
    connections: Count = Field(default=10, ge=1, le=50, description="Calls at one time.")
    timeout: _Patience = Field(default=_TIMEOUT, description="How long the provider may take, all in all.")
    opt_out: Words | None = Field(
        default=None,
        description="What ends every marketing text message: `Reply STOP to leave`; or one such text by language.",
    )

    def leaving(self, languages: Iterable[str]) -> str | None:
        """How a reader of the first of these languages that has words is told to leave; None where nothing is said."""
        if self.opt_out is None:
            return None
        return in_language(self.opt_out, languages)


class Chat(Declared):
    """How chat messages leave: any service that apprise knows (`pip install 'regulars[chat]'`)."""

    url: Secret = Field(
        description="The variable with the service's address as apprise writes it, with `{address}` in the place of "
        "the customer's: `tgram://TOKEN/{address}`."
    )
    connections: Count = Field(default=5, ge=1, le=20, description="Calls at one time.")
    timeout: _Patience = Field(default=_TIMEOUT, description="How long the service may take to answer.")


class Webhook(Declared):
    """Another system that is told: where it listens, and the secret that signs what it gets."""

    url: Secret = Field(description="The variable with the address.")
    secret: Secret = Field(
        description="The variable with the secret, `whsec_…`; several with spaces between them while one takes the "
        "other's place: each of them signs."
    )
    timeout: _Patience = Field(default=_TIMEOUT, description="How long it may take to answer, all in all.")


class Channels(Declared):
    """The roads by which messages leave."""

    email: Email | None = Field(default=None, description="Mail over SMTP.")
    sms: Sms | None = Field(default=None, description="Text messages over a provider.")
    chat: Chat | None = Field(default=None, description="Chat messages over apprise.")
    webhooks: Mapping[Name, Webhook] = Field(default_factory=dict, description="Other systems, by name.")
    allow_inside: tuple[Text, ...] = Field(
        default=(), description="Hosts inside the network that may be called all the same, by name."
    )

    @property
    def personal(self) -> tuple[str, ...]:
        """The channels that are declared and reach a customer, in the order in which they are tried."""
        return tuple(name for name in ("email", "sms", "chat") if getattr(self, name) is not None)

    @property
    def prefix(self) -> str | None:
        """The country prefix of numbers that have none."""
        return self.sms.prefix if self.sms is not None else None

    @property
    def declared(self) -> tuple[str, ...]:
        """All channels that are declared."""
        return (*self.personal, *(("webhook",) if self.webhooks else ()))

    def without(self, channels: Collection[str]) -> "Channels":
        """The same with some of them left out."""
        gone: dict[str, Any] = {name: {} if name == "webhook" else None for name in channels}
        return self.model_copy(update={"webhooks" if name == "webhook" else name: gone[name] for name in gone})
