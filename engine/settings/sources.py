"""Who may tell the engine over HTTP what happened, as `sources:` of the settings declares it."""

from typing import Literal

from pydantic import Field

from engine.settings.declared import Count, Declared, Secret
from engine.settings.literals import Text

#: Characters that a source's key has at least.
SHORTEST_KEY = 24


class Source(Declared):
    """A system that tells what happened, over `POST /events` of `regulars serve`: a shop, a till, an app."""

    key: Secret = Field(
        description="The variable with the key that it sends as `Authorization: Bearer …`, 24 characters or more; several "
        "with spaces between them while one takes the other's place."
    )
    secret: Secret | None = Field(
        default=None,
        description="The variable with the secret, `whsec_…`, by which it signs each request as Standard Webhooks asks; "
        "without it the key alone is enough.",
    )
    events: tuple[Text, ...] = Field(
        default=(), min_length=1, description="The events that it may tell; without it, all of the catalogue."
    )
    unknown_customer: Literal["refuse", "create"] = Field(
        default="refuse",
        description="What becomes of an event of a customer who is not in the store: it is refused, and the source told "
        "so; or the customer is made, with nothing but the id.",
    )
    per_minute: Count = Field(
        default=120_000,
        ge=1,
        description="How many events it may tell in a minute; more are put off, and it is told so.",
    )
