"""Mail over SMTP: connections that are kept, several at once, and never a doubt about what is certain."""

import asyncio
import ssl
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from engine.addresses import parse_address
from engine.channels.channel import Done, Letter, Outcome, Retry, Uncertain
from engine.channels.replies import of_content, of_recipient, of_relay, of_sender, said
from engine.channels.waves import Accepted, Waves
from engine.settings.channels import Email

_PER_CONNECTION = 100  # many relays close a connection after a hundred letters; going first is politer
_FAULTS = (SMTPException, OSError, EOFError, asyncio.TimeoutError)

_Answer = TypeVar("_Answer")


@dataclass(eq=False)
class _Line:
    """One connection, with the letter that it has promised to take."""

    client: SMTP
    used: int = 0
    promised: Accepted | None = None


@dataclass(frozen=True, eq=False)
class _OnLine(Accepted):
    line: _Line


class Smtp(Waves):
    """The `Channel` of mail. Synchronous outside, an event loop of its own inside; one thread at a time may use it."""

    def __init__(
        self,
        email: Email,
        environment: Mapping[str, str],
        timeout: timedelta | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Takes the relay from the settings and the password from the environment variable that they name.

        `timeout` holds for each command and its reply. Raises `ValueError` where the variable is not set.
        """
        if email.password is not None and not environment.get(email.password):
            raise ValueError(f"the environment variable {email.password} with the relay's password is not set")
        self.width = email.connections
        self._email = email
        self._password = environment[email.password] if email.password else None
        self._timeout = (timeout or email.timeout.approximate).total_seconds()
        self._tls = tls
        self._idle: list[_Line] = []
        self._promised: list[_Line] = []
        self._runner = asyncio.Runner()

    def offer(self, letters: Sequence[Letter]) -> list[Accepted | Outcome]:
        """Connects where needed, then MAIL and RCPT, each letter on a connection of its own."""
        if len(letters) > self.width:
            raise ValueError(f"{len(letters)} letters are offered over {self.width} connections")
        return self._run(self._offer(letters))

    def hand_over(self, accepted: Sequence[Accepted]) -> list[Outcome]:
        """DATA, the content and the reply, on all connections at once."""
        return self._run(self._hand_over(accepted))

    def close(self) -> None:
        """Takes leave of the relay."""
        self._run(self._close())
        self._runner.close()

    def _run(self, work: Coroutine[Any, Any, _Answer]) -> _Answer:
        return self._runner.run(work)

    async def _offer(self, letters: Sequence[Letter]) -> list[Accepted | Outcome]:
        forgotten, self._promised = self._promised, []
        await asyncio.gather(*(self._drop(line) for line in forgotten))
        return list(await asyncio.gather(*(self._offer_one(letter) for letter in letters)))

    async def _offer_one(self, letter: Letter) -> Accepted | Outcome:
        kept = self._take()
        if kept is not None:
            answer = await self._ask(kept, letter)
            if not (isinstance(answer, Retry) and answer.scope == "relay"):
                return answer
            # A relay may close a connection that rested; nothing was sent, so a new one may try.
        try:
            line = await self._connect()
        except SMTPResponseException as error:
            return of_relay(error.code, error.message)
        except (*_FAULTS, ValueError) as error:
            return of_relay(None, error)
        return await self._ask(line, letter)

    async def _ask(self, line: _Line, letter: Letter) -> Accepted | Outcome:
        try:
            size = [f"SIZE={len(letter.content)}"] if line.client.supports_extension("size") else None
            # Checked here again: aiosmtplib would pick an address out of whatever stands there.
            await line.client.mail(parse_address(letter.sender), options=size)
            await line.client.rcpt(parse_address(letter.recipient))
        except _FAULTS as error:
            await self._drop(line)
            return _refusal(error)
        except ValueError as error:
            await self._drop(line)
            return of_recipient(553, error)
        line.used += 1
        line.promised = _OnLine(letter, line)
        self._promised.append(line)
        return line.promised

    async def _hand_over(self, accepted: Sequence[Accepted]) -> list[Outcome]:
        return list(await asyncio.gather(*(self._hand_over_one(one) for one in accepted)))

    async def _hand_over_one(self, accepted: Accepted) -> Outcome:
        if not isinstance(accepted, _OnLine) or accepted.line.promised is not accepted:
            raise ValueError(f"the letter {accepted.letter.key} is not of the last offer")
        line = accepted.line
        line.promised = None
        self._promised.remove(line)
        if not line.client.is_connected:
            return of_relay(None, "the connection was closed before the content was sent")
        try:
            reply = await line.client.data(accepted.letter.content)
        except SMTPDataError as error:
            await self._drop(line)
            return of_content(error.code, error.message)
        except _FAULTS as error:
            line.client.close()
            return Uncertain(said(error))
        if line.used < _PER_CONNECTION:
            self._idle.append(line)
        else:
            await self._drop(line)
        return Done(said(f"{reply.code} {reply.message}"))

    def _take(self) -> _Line | None:
        while self._idle:
            line = self._idle.pop()
            if line.client.is_connected:
                return line
        return None

    async def _connect(self) -> _Line:
        email = self._email
        client = SMTP(
            hostname=email.host,
            port=email.port,
            username=email.user,
            password=self._password,
            timeout=self._timeout,
            use_tls=email.security == "tls",
            # True demands it, False forbids it; None would take what the relay happens to offer.
            start_tls=email.security == "starttls",
            tls_context=self._tls,
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except BaseException:
            client.close()
            raise
        return _Line(client)

    async def _drop(self, line: _Line) -> None:
        """A connection on which something went wrong, or was left half done, is never used again."""
        line.promised = None
        with suppress(*_FAULTS):
            if line.client.is_connected:
                await line.client.quit()
        line.client.close()

    async def _close(self) -> None:
        lines = [*self._idle, *self._promised]
        self._idle, self._promised = [], []
        await asyncio.gather(*(self._drop(line) for line in lines))


def _refusal(error: BaseException) -> Outcome:
    if isinstance(error, SMTPRecipientRefused):
        return of_recipient(error.code, error.message)
    if isinstance(error, SMTPSenderRefused):
        return of_sender(error.code, error.message)
    if isinstance(error, SMTPServerDisconnected):
        return of_relay(None, f"the relay closed the connection: {error}")
    return of_relay(getattr(error, "code", None), error)
