"""What is secret is taken out of every reply before it is kept or told."""

from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote, urlsplit

_MASK = "•••"
_SHORTEST = 4  # shorter ones would tear words apart
_SHORTEST_PART = 8


class Veil:
    """Masks secrets, also in the forms that they take in addresses and headers."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= _SHORTEST}
        self._forms = sorted(forms, key=len, reverse=True)  # a long one may contain a short one

    def __call__(self, text: object) -> str:
        """The text without secrets."""
        veiled = str(text)
        for form in self._forms:
            veiled = veiled.replace(form, _MASK)
        return veiled


def _forms(secret: str) -> Iterable[str]:
    yield from (secret, quote(secret, safe=""), quote(secret), quote_plus(secret))
    yield from (part for part in secret.split() if len(part) >= _SHORTEST_PART)  # of `Bearer TOKEN`
    yield b64encode(secret.encode()).decode()
    if "://" in secret:
        yield from _parts_of_address(secret)


def _parts_of_address(url: str) -> Iterable[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    yield f"{parts.path}?{parts.query}" if parts.query else parts.path
    pieces = [
        *parts.path.split("/"),
        *parts.query.replace("=", "&").split("&"),
        *parts.netloc.replace("@", ":").split(":"),
    ]
    # In the addresses of chat services a token stands where others have the host.
    host = parts.hostname if parts.scheme in ("http", "https") else None
    for piece in pieces:
        if len(piece) >= _SHORTEST_PART and piece.lower() != host and "{" not in piece:
            yield piece
            yield unquote(piece)
