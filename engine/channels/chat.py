"""Chat over apprise, which speaks to the services that people use: Telegram, LINE, WeCom, KakaoTalk, Slack and others.

apprise makes its connections itself, so two things cannot be held here as they are for SMS and webhooks: a proxy of
the environment is used, and between the look at a server's addresses and the connection a name may change its
address. Looked at are servers that stand in the URL; those of the services themselves stand in apprise.
"""

import importlib
import logging
import re
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from engine.channels.channel import Done, Failed, Letter, Outcome, Retry, Uncertain
from engine.channels.inside import Allowed
from engine.channels.over_http import secret_of
from engine.channels.replies import said
from engine.channels.statuses import of_status
from engine.channels.veil import Veil
from engine.channels.waves import Accepted, Waves
from engine.settings.channels import Chat

_SLOT = "{address}"
_ADDRESS = re.compile(r"[\w@#+:.=!~$-]{1,255}")  # one address: nothing that would part it, or add to the URL
_OURS = frozenset({"retry", "wait", "redirect", "rto", "cto"})

_STATUS = re.compile(r"\berror=(\d{3})\b")
_LOST = re.compile(
    r"blocked by the user|user is deactivated|chat not found|user not found|bot was kicked|not a member|"
    r"recipient.{0,20}not found",
    re.IGNORECASE,
)
# How `requests` says that there was no connection, and so no request.
_NOT_CONNECTED = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|Connection refused|SSLError|CERTIFICATE_VERIFY_FAILED"
)

# Its lines carry addresses and secrets, so they go nowhere; all of them are made, since we read in them what happened.
_LINES = logging.getLogger("apprise")
_LINES.propagate = False
_LINES.setLevel(logging.DEBUG)
logging.getLogger("urllib3").setLevel(logging.WARNING)  # below that it writes whole addresses


class ChatDoor(Waves):
    """The `Channel` of chat messages."""

    def __init__(self, chat: Chat, environment: Mapping[str, str], allowed: Allowed) -> None:
        """Takes the service's address from the environment.

        Raises `ValueError` where it is missing or not known, or apprise is not installed.
        """
        try:
            self._apprise = importlib.import_module("apprise")  # an extra, and slow to import: only where it is used
        except ImportError:
            raise ValueError("chat needs apprise, which is not installed:  pip install 'regulars[chat]'") from None
        self.width = chat.connections
        self._timeout = chat.timeout
        self._allowed = allowed
        written = secret_of(environment, chat.url, "the address of the chat service")
        self._veil = Veil([written])
        self._pattern = _with_ours(written, self._timeout)
        self._asset = self._apprise.AppriseAsset(
            app_id="Regulars", secure_logging=True, storage_mode=self._apprise.PersistentStoreMode.MEMORY
        )
        if _SLOT not in written:
            raise ValueError(f"the environment variable {chat.url} has no {_SLOT}, where the customer's address stands")
        # `12345` is an address that most services take; the others say more when a letter is offered.
        if "://" not in written or not (self._opened("12345") or self._opened("U" + "0" * 32)):
            raise ValueError(f"the environment variable {chat.url} is not the address of a service that apprise knows")
        self._workers = ThreadPoolExecutor(chat.connections, "chat")

    def offer(self, letters: Sequence[Letter]) -> list[Accepted | Outcome]:
        """Looks at each address; nothing is called yet."""
        if len(letters) > self.width:
            raise ValueError(f"{len(letters)} letters are offered, {self.width} calls can be made at once")
        return [self._refuse(letter) or Accepted(letter) for letter in letters]

    def hand_over(self, accepted: Sequence[Accepted]) -> list[Outcome]:
        """Calls for all of them at once."""
        return list(self._workers.map(self._hand_over, [one.letter for one in accepted]))

    def close(self) -> None:
        """Lets the threads go."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _refuse(self, letter: Letter) -> Failed | None:
        if not _ADDRESS.fullmatch(letter.recipient) or self._opened(letter.recipient) is None:
            return Failed(None, said(f"`{letter.recipient}` is not an address of this chat service"), suppress=False)
        return None if letter.text.strip() else Failed(None, "the text is empty", suppress=False)

    def _opened(self, address: str) -> Any:
        """The service with a customer's address; None where it does not take such a one."""
        url = self._pattern.replace(_SLOT, quote(address, safe=""))
        return self._apprise.Apprise.instantiate(url, asset=self._asset, suppress_exceptions=True)

    def _hand_over(self, letter: Letter) -> Outcome:
        service = self._opened(letter.recipient)
        chosen = any("{host}" in one for one in service.templates)  # the server stands in the URL
        refusal = self._inside(service.host) if chosen else None
        if refusal is not None:
            return Retry(None, None, said(self._veil(refusal)), "relay")
        sender = self._apprise.Apprise(asset=self._asset)
        sender.add(service)
        result = sender.notify(body=letter.text, body_format="text", timeout=self._timeout, log_level=logging.DEBUG)
        if result.status.name == "SUCCESS":
            return Done("200 taken")
        if result.status.name == "TIMEOUT":
            return Uncertain(f"no answer within {self._timeout:g} seconds")
        lines = [(entry.level, str(entry.message)) for one in result for attempt in one for entry in attempt]
        return read_lines(lines, self._veil, addressed=chosen)

    def _inside(self, host: str) -> str | None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, ValueError):
            return None  # what has no address cannot be reached
        return self._allowed.refusal(host, [str(one[4][0]) for one in found])


def read_lines(lines: Iterable[tuple[str, str]], veil: Callable[[object], str], *, addressed: bool) -> Outcome:
    """What apprise's lines say about a failure; its answer alone is only a no.

    A status is certain, and so is a connection that was never made. Of everything else nobody knows whether it arrived.
    """
    lines = list(lines)
    told = " ".join(text for level, text in lines if level in ("WARNING", "ERROR", "CRITICAL")) or "no reason was given"
    reply = said(veil(told))
    if _LOST.search(told):
        return Failed(_status(told), reply, suppress=True)
    status = _status(told)
    if status is not None:
        return of_status(status, reply, None, addressed=addressed, keyed=False)
    if any(_NOT_CONNECTED.search(text) for _, text in lines):
        return Retry(None, None, reply, "relay")
    return Uncertain(reply)


def _status(told: str) -> int | None:
    found = _STATUS.findall(told)
    return int(found[-1]) if found else None


def _with_ours(url: str, timeout: float) -> str:
    """The address with what must hold: no retries of its own, no redirects, our patience."""
    way, _, query = url.partition("?")
    theirs = [one for one in query.split("&") if one and one.partition("=")[0].lower() not in _OURS]
    return f"{way}?{'&'.join([*theirs, 'retry=0', 'redirect=no', f'rto={timeout:g}', f'cto={timeout:g}'])}"
