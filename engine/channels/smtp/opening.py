"""A connection to the relay until it may be used: TLS and login are aiosmtplib's, and never less than was asked for."""

import asyncio
import ssl
from collections.abc import Mapping

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponseException

from engine.channels.smtp.flight import Features
from engine.settings.channels import Email

FAULTS = (SMTPException, OSError, EOFError, TimeoutError, ValueError)


class Unopened(Exception):
    """The relay cannot be reached, or does not let us in; the code is the relay's, where it said one."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Opening:
    """Opens connections to one relay."""

    def __init__(
        self, email: Email, environment: Mapping[str, str], timeout: float, tls: ssl.SSLContext | None = None
    ) -> None:
        """Raises `ValueError` where the environment variable of the password is not set."""
        if email.password is not None and not environment.get(email.password):
            raise ValueError(f"the environment variable {email.password} with the relay's password is not set")
        self._email = email
        self._password = environment[email.password] if email.password else ""
        self._timeout = timeout
        self._tls = tls
        self._own_name: str | None = None  # looking it up can take long

    async def __call__(self, protocol: asyncio.Protocol) -> Features:
        """Opens one and gives it to a protocol. Raises `Unopened`."""
        client = self._client()
        try:
            async with asyncio.timeout(self._timeout):
                await self._open(client)
            features = _features(client.esmtp_extensions)
            self._give(client, protocol)
        except Unopened:
            client.close()
            raise
        except SMTPResponseException as fault:
            client.close()
            raise Unopened(fault.code, f"{fault.code} {fault.message}") from None
        except FAULTS as fault:
            client.close()
            raise Unopened(None, self._told(fault)) from None
        except BaseException:
            client.close()
            raise
        self._own_name = client.local_hostname
        return features

    def _client(self) -> SMTP:
        email = self._email
        if email.security != "none" and self._tls is None:
            self._tls = ssl.create_default_context()  # it reads every certificate of the system: once
        return SMTP(
            hostname=email.host,
            port=email.port,
            local_hostname=self._own_name,
            timeout=self._timeout,
            use_tls=email.security == "tls",
            start_tls=False,  # ours to ask for, below
            tls_context=self._tls if email.security != "none" else None,
        )

    async def _open(self, client: SMTP) -> None:
        await client.connect()
        await _greet(client)
        if self._email.security == "starttls":
            if not client.supports_extension("starttls"):
                raise Unopened(None, "the relay offers no STARTTLS, and `security: starttls` goes nowhere without it")
            await client.starttls()
            await _greet(client)
        if self._email.user is not None:
            if not client.supported_auth_methods:
                raise Unopened(None, "the relay offers no login that we know, and `user` is to log in")
            await client.login(self._email.user, self._password)

    @staticmethod
    def _give(client: SMTP, protocol: asyncio.Protocol) -> None:
        transport, before = client.transport, client.protocol
        # Neither is told by a method: whether more stands in the buffer than was asked for.
        if transport is None or before is None or not isinstance(transport, asyncio.Transport) or before._buffer:
            raise Unopened(None, "the relay said more than it was asked")
        client.protocol = client.transport = None  # else it would close what is not its own any more
        transport.set_protocol(protocol)
        protocol.connection_made(transport)

    def _told(self, fault: BaseException) -> str:
        cause = fault.__cause__ or fault
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate of {self._email.host} is not to be trusted: {cause.verify_message}"
        if isinstance(fault, TimeoutError) and not str(fault):
            return f"{self._email.host} was not ready within {self._timeout:g} seconds"
        return str(fault) or type(fault).__name__


async def _greet(client: SMTP) -> None:
    try:
        await client.ehlo()
    except SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()


def _features(announced: Mapping[str, str]) -> Features:
    size = announced.get("size")
    return Features(
        pipelining="pipelining" in announced,
        eight_bit="8bitmime" in announced,
        sizes=size is not None,
        largest=int(size) if size is not None and size.isascii() and size.isdigit() else 0,
    )
