"""Text messages over a provider: one that speaks like Twilio, or any other one that the settings describe."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from engine.addresses import parse_phone
from engine.channels.channel import Failed, Letter, Outcome, Retry, Uncertain
from engine.channels.http import Answer, Call, Http
from engine.channels.inside import Allowed, check_url
from engine.channels.over_http import OverHttp, secret_of, url_of
from engine.channels.replies import said
from engine.channels.veil import Veil
from engine.settings.channels import Sms

#: What is filled into the fields of a described provider, and into its address.
SLOTS = ("to", "text", "key", "from")
_SLOT = re.compile(rf"\{{({'|'.join(SLOTS)})\}}")
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"

# Twilio's own codes. The number can never be reached: not valid, no mobile, gone, or its owner has said STOP.
_DEAD = frozenset({21211, 21214, 21217, 21610, 21614, 30005, 30006})
# The account: no login, not active, out of credit. Nothing else would get through either.
_ACCOUNT = frozenset({20003, 20005, 20403, 20404, 30002})
_BUSY = frozenset({20429, 14107, 30001, 63038})
_REFUSED = frozenset({"failed", "undelivered", "canceled"})
_LONGEST_CODE = 9  # of digits; a longer number is no code, and beyond 4,300 Python reads none


class _Provider(Protocol):
    """How one provider is asked, and how it answers."""

    @property
    def addressed(self) -> bool:
        """Whether the number stands in the URL."""

    def call(self, letter: Letter, number: str, timeout: float) -> Call:
        """The request."""

    def objection(self, answer: Answer) -> Outcome | None:
        """What an answer says against its own status; None where they agree."""


@dataclass(frozen=True)
class _Twilio:
    url: str
    login: str = field(repr=False)
    sender: Mapping[str, str]
    addressed: bool = False

    def call(self, letter: Letter, number: str, timeout: float) -> Call:
        headers = {"Authorization": f"Basic {self.login}", "Content-Type": _FORM, "Accept": _JSON}
        body = urlencode({"To": number, **self.sender, "Body": letter.text}).encode()
        return Call("POST", self.url, headers, body, timeout)

    def objection(self, answer: Answer) -> Outcome | None:
        """An error has a code of its own, also under the status 200; and a good status without a message is no promise."""
        found = _object(answer)
        code = found.get("error_code") or (found.get("code") if "sid" not in found else None)
        number = _code(code)
        told = f"{answer.status} {code or ''} {found.get('error_message') or found.get('message') or ''}"
        if number in _DEAD:
            return Failed(answer.status, told, suppress=True)
        if number in _ACCOUNT or number in _BUSY:
            return Retry(None, answer.status, told, "relay")
        if not 200 <= answer.status < 300:
            return None
        if code or str(found.get("status")) in _REFUSED:
            return Failed(answer.status, f"{told} {found.get('status', '')}", suppress=False)
        if not found.get("sid"):
            return Uncertain(f"{answer.status}, but not the answer of the provider: {_start(answer)}")
        return None


@dataclass(frozen=True)
class _Described:
    """A provider as `fields` and `taken_when` of the settings describe it."""

    settings: Sms
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @property
    def addressed(self) -> bool:
        return "{to}" in self.url

    def call(self, letter: Letter, number: str, timeout: float) -> Call:
        filled = {"to": number, "text": letter.text, "key": letter.key, "from": self.settings.sender or ""}

        def fill(pattern: str, change: Callable[[str], str] = str) -> str:
            # In one sweep: a text that contains `{key}` keeps it.
            return _SLOT.sub(lambda slot: change(filled[slot[1]]), pattern)

        fields = {name: fill(pattern) for name, pattern in self.settings.fields.items()}
        as_json = self.settings.body == "json"
        body = json.dumps(_nested(fields), ensure_ascii=False) if as_json else urlencode(fields)
        headers = {"Content-Type": _JSON if as_json else _FORM, "Idempotency-Key": letter.key, **self.headers}
        return Call(
            self.settings.method, fill(self.url, lambda text: quote(text, safe="")), headers, body.encode(), timeout
        )

    def objection(self, answer: Answer) -> Outcome | None:
        """Where the settings say how an answer must look, a good status alone is no promise."""
        if not self.settings.taken_when or not 200 <= answer.status < 300:
            return None
        found = _object(answer)
        if not found:
            return Uncertain(f"{answer.status}, but not the answer of the provider: {_start(answer)}")
        for path, wanted in self.settings.taken_when.items():
            value = _at(found, path)
            if value != wanted:
                return Failed(
                    answer.status, f"{answer.status}, but `{path}` is {value}: {_start(answer)}", suppress=False
                )
        return None


class SmsDoor(OverHttp):
    """The `Channel` of text messages."""

    _provider: _Provider

    def __init__(
        self, sms: Sms, environment: Mapping[str, str], http: Http, allowed: Allowed, clock: Callable[[], datetime]
    ) -> None:
        """Takes the secrets from the environment. Raises `ValueError` where one is missing or does not fit."""
        self.width = sms.connections
        self._prefix = sms.prefix
        self._timeout = sms.timeout
        hidden: list[str]
        if sms.provider == "twilio":
            self._provider, hidden = _open_twilio(sms, environment, allowed)
        else:
            self._provider, hidden = _open_described(sms, environment, allowed)
        super().__init__(http, Veil(hidden), clock)

    def refuse(self, letter: Letter) -> Failed | Retry | None:
        """What is no number, and an empty text."""
        try:
            parse_phone(letter.recipient, self._prefix)
        except ValueError as fault:
            return Failed(None, said(fault), suppress=False)
        return None if letter.text.strip() else Failed(None, "the text is empty", suppress=False)

    def call(self, letter: Letter) -> Call:
        """The provider's request."""
        return self._provider.call(letter, parse_phone(letter.recipient, self._prefix), self._timeout)

    def read(self, letter: Letter, answer: Answer) -> Outcome:
        """The status, unless the body says something else."""
        objection = self._provider.objection(answer)
        return self.by_status(letter, answer) if objection is None else self.by_body(answer, objection)

    def addressed(self, _letter: Letter) -> bool:
        """Whether 404 speaks of the number."""
        return self._provider.addressed


def _open_twilio(sms: Sms, environment: Mapping[str, str], allowed: Allowed) -> tuple[_Provider, list[str]]:
    account = secret_of(environment, sms.account, "the provider's account")
    token = secret_of(environment, sms.token, "the provider's token")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", account):
        raise ValueError(f"the environment variable {sms.account} is not the SID of an account")
    try:
        check_url(sms.api, allowed)
    except ValueError as fault:
        raise ValueError(f"channels.sms.api of the settings {fault}") from None
    url = f"{sms.api.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
    login = b64encode(f"{account}:{token}".encode()).decode()
    sender = {"From": sms.sender} if sms.sender else {"MessagingServiceSid": sms.messaging_service or ""}
    return _Twilio(url, login, sender), [account, token, login]


def _open_described(sms: Sms, environment: Mapping[str, str], allowed: Allowed) -> tuple[_Provider, list[str]]:
    url = url_of(environment, sms.url, "the provider's address", allowed)
    headers = {name: secret_of(environment, of, f"the header {name}") for name, of in sms.headers.items()}
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"the environment variable {sms.headers[name]} with the header {name} is not plain ASCII")
    return _Described(sms, url, headers), [url, *headers.values()]


def _code(written: object) -> int | None:
    """A code as a provider writes it, as a number or as a text; None for whatever else stands in its place."""
    text = str(written) if isinstance(written, int | str) else ""
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_CODE else None


def _object(answer: Answer) -> Mapping[str, Any]:
    """The body as an object of JSON; empty where it is anything else, or broke off."""
    try:
        found = json.loads(answer.body) if answer.whole else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _nested(fields: Mapping[str, str]) -> dict[str, Any]:
    """`message.text: …` is a field within a field."""
    whole: dict[str, Any] = {}
    for path, value in fields.items():
        *way, last = path.split(".")
        inner = whole
        for name in way:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return whole


def _at(found: Any, path: str) -> str | None:
    """A field as people write it: `data.code`, `messages.0.status`; None where it is not there."""
    for name in path.split("."):
        if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        elif isinstance(found, dict) and name in found:
            found = found[name]
        else:
            return None
    return found if isinstance(found, str) else json.dumps(found)


def _start(answer: Answer) -> str:
    return answer.body[:500].decode("utf-8", "replace")
