"""What belongs to mail beside the relay: where bounces and complaints come in, and how mails are signed."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from engine.settings.declared import Count, Declared, Secret
from engine.settings.literals import Text

#: What `feedback_id: true` stands for.
OWN_NAME = "true"
_SENDER_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{4,14}"


def _sender_id(written: Any) -> str | None:
    text = str(written).lower() if isinstance(written, bool) else str(written)
    if text == "false":
        return None
    if text != OWN_NAME and not re.fullmatch(_SENDER_ID, text):
        raise ValueError(f"`{text}` is not the id of a sender; write  true,  or 5 to 15 letters and digits of your own")
    return text


#: `true`, or the sender's id in the Feedback-ID of every mail.
SenderId = Annotated[
    str | None,
    BeforeValidator(_sender_id),
    WithJsonSchema(
        {
            "type": ["boolean", "string"],
            "pattern": f"^(?:{_SENDER_ID}|true|false)$",
            "title": "sender id of 5 to 15 letters",
            "examples": ["true"],
        }
    ),
]


class Imap(Declared):
    """A mailbox on a server, always over TLS."""

    host: Text = Field(description="The server.")
    port: Count = Field(default=993, ge=1, le=65535, description="Its port for IMAP over TLS.")
    user: Text = Field(description="User name there.")
    password: Secret = Field(description="The environment variable that holds the password; never the password itself.")
    folder: Text = Field(default="INBOX", description="The folder whose unread mails are read, and marked as read.")


class Bounces(Declared):
    """Where bounces and complaints come in. A mailbox is read by `regulars run`; without one, pipe mails to `regulars bounce`."""

    address: Text = Field(
        description="The address whose form `bounces+…@mail.shop.example` is the envelope sender of every mail. All mail to "
        "it, whatever stands behind the `+`, must arrive."
    )
    maildir: Text | None = Field(default=None, description="The folder of a Maildir, with `new` and `cur` in it.")
    imap: Imap | None = Field(default=None, description="A mailbox on a server, in the place of `maildir`.")


class Dkim(Declared):
    """Signs every mail (`pip install 'regulars[dkim]'`); leave it out where the relay signs, as most do."""

    domain: Text = Field(description="The domain that signs; that of `from`, or another of the same owner.")
    selector: Text = Field(
        description="The name under which the domain publishes the key: `SELECTOR._domainkey.DOMAIN`."
    )
    key: Secret = Field(
        description="The environment variable with the private key (PEM; RSA or Ed25519), or with the name of its file."
    )


class PerDomain(Declared):
    """How much goes to the recipients of one domain, whatever the relay could take."""

    connections: Count = Field(
        default=20,
        ge=1,
        le=50,
        description="Connections that carry mails to one domain at a time, at most; fewer at first, and after refusals.",
    )
    per_minute: Count | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Mails to one domain in a minute, at most; the others wait their turn.",
    )
