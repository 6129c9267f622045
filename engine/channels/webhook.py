"""Webhooks: other systems are told facts, signed as Standard Webhooks asks, so that they know who speaks."""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from engine.channels.channel import Failed, Letter, Outcome, Retry
from engine.channels.http import Answer, Call, Http, Silence
from engine.channels.inside import Allowed
from engine.channels.over_http import OverHttp, secret_of, url_of
from engine.channels.veil import Veil
from engine.settings.channels import Webhook

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64  # bytes of a secret
_REST = timedelta(minutes=1)


@dataclass(frozen=True)
class Target:
    """Where one webhook goes, and what signs it."""

    url: str = field(repr=False)
    secrets: tuple[bytes, ...] = field(repr=False)
    timeout: float


def read_secrets(written: str) -> tuple[bytes, ...]:
    """The keys in `whsec_… whsec_…`. Raises `ValueError` with a sentence that does not repeat them."""
    found = []
    for one in written.split():
        try:
            key = base64.b64decode(one.removeprefix(_PREFIX), validate=True) if one.startswith(_PREFIX) else b""
        except binascii.Error:
            key = b""
        if not _SHORTEST <= len(key) <= _LONGEST:
            raise ValueError(
                f"is not {_PREFIX} and {_SHORTEST} to {_LONGEST} bytes in base64; make one with:\n"
                '  python3 -c "import base64, secrets;'
                f" print('{_PREFIX}' + base64.b64encode(secrets.token_bytes(32)).decode())\""
            )
        found.append(key)
    return tuple(found)


def signatures(secrets: tuple[bytes, ...], key: str, at: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each secret."""
    content = f"{key}.{at}.".encode() + body
    signed = (base64.b64encode(hmac.new(secret, content, sha256).digest()).decode() for secret in secrets)
    return " ".join(f"v1,{one}" for one in signed)


class WebhookDoor(OverHttp):
    """The `Channel` of all webhooks of a shop. One that takes nothing rests by itself; it does not stop the others."""

    keyed = True

    def __init__(
        self,
        webhooks: Mapping[str, Webhook],
        environment: Mapping[str, str],
        http: Http,
        allowed: Allowed,
        clock: Callable[[], datetime],
    ) -> None:
        """Takes addresses and secrets from the environment. Raises `ValueError` where one is missing or does not fit."""
        self._targets: dict[str, Target] = {}
        hidden = []
        for name, webhook in webhooks.items():
            url = url_of(environment, webhook.url, f"the address of the webhook {name}", allowed)
            secret = secret_of(environment, webhook.secret, f"the secret of the webhook {name}")
            try:
                keys = read_secrets(secret)
            except ValueError as fault:
                raise ValueError(f"the environment variable {webhook.secret} {fault}") from None
            self._targets[name] = Target(url, keys, webhook.timeout)
            hidden += [url, *secret.split(), *(one.removeprefix(_PREFIX) for one in secret.split())]
        self._rests: dict[str, tuple[datetime, Retry]] = {}
        super().__init__(http, Veil(hidden), clock)

    def refuse(self, letter: Letter) -> Failed | Retry | None:
        """A webhook that the settings do not know, or one that rests."""
        if letter.recipient not in self._targets:
            reason = f"channels.webhooks of the settings has no `{letter.recipient}`"
            return Retry(None, None, reason, "message")
        rest, now = self._rests.get(letter.recipient), self._clock()
        if rest is None or now >= rest[0]:
            return None
        return replace(rest[1], after=rest[0] - now, code=None)  # it was not this letter that was refused

    def call(self, letter: Letter) -> Call:
        """POST of the facts, with key, time and signatures."""
        target = self._targets[letter.recipient]
        at = int(self._clock().timestamp())
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": letter.key,
            "webhook-id": letter.key,
            "webhook-timestamp": str(at),
            "webhook-signature": signatures(target.secrets, letter.key, at, letter.content),
        }
        return Call("POST", target.url, headers, letter.content, target.timeout)

    def outcome(self, letter: Letter, answer: Answer | Silence) -> Outcome:
        """What would be true of a whole relay is true of this webhook alone; it rests."""
        outcome = super().outcome(letter, answer)
        if not isinstance(outcome, Retry) or outcome.scope != "relay":
            return outcome
        alone = replace(outcome, scope="message")
        self._rests[letter.recipient] = (self._clock() + (outcome.after or _REST), alone)
        return alone
