"""Where the pages of `regulars serve` are seen from outside, as `web:` of the settings says it."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from engine.settings.declared import Declared
from engine.settings.literals import Text


def _seen_from_outside(text: Any) -> Any:
    written = str(text)
    try:
        parts = urlsplit(written)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        _ = parts.port
    except ValueError:
        sound = False
    if not sound or "?" in written or "#" in written or not written.isascii() or not written.isprintable():
        raise ValueError(f"`{written}` is not an address of pages; write for example  https://shop.example/regulars")
    return written.rstrip("/")


#: The beginning of every link to a page.
_Address = Annotated[Text, BeforeValidator(_seen_from_outside)]


class Web(Declared):
    """Where the pages are by which customers leave or stay."""

    url: _Address = Field(
        default="http://localhost:8080",
        description="Where `regulars serve` is seen from outside: the beginning of every unsubscribe link. "
        "Receivers of mail ask for https.",
    )

    @property
    def path(self) -> str:
        """The path below which the pages are; empty where they have a host of their own."""
        return urlsplit(self.url).path

    def leaving(self, token: str) -> str:
        """The link by which a customer leaves."""
        return f"{self.url}/u/{token}"
