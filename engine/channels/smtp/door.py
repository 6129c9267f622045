"""Mail over SMTP: connections that are kept, several at once, and never a doubt about what is certain."""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from engine.channels.channel import Gate, Letter
from engine.channels.smtp.breaker import Breaker
from engine.channels.smtp.domains import Domains
from engine.channels.smtp.lines import Lines
from engine.channels.smtp.opening import Opening
from engine.channels.smtp.sending import Sending
from engine.channels.smtp.steps import Patience
from engine.settings.channels import Email


class Smtp:
    """The `Channel` of mail. Synchronous outside, an event loop of its own inside; one thread at a time may use it."""

    def __init__(
        self,
        email: Email,
        environment: Mapping[str, str],
        clock: Callable[[], datetime],
        patience: Patience | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Takes the relay from the settings and the password from the environment variable that they name.

        Raises `ValueError` where the variable is not set.
        """
        patience = patience or Patience(
            answer=email.timeout.approximate.total_seconds(), final=email.final_timeout.approximate.total_seconds()
        )
        shares = email.per_domain
        self._lines = Lines(Opening(email, environment, patience.answer, tls), email.connections, patience)
        self._domains = Domains(clock, *((shares.connections, shares.per_minute) if shares else ()))
        self._breaker = Breaker(clock)
        self._runner = asyncio.Runner()

    def send(self, letters: Iterable[Letter], gate: Gate) -> None:
        """Sends over all connections at once, and keeps them."""
        sending = Sending(letters, gate, self._lines, self._domains, self._breaker)
        self._runner.run(self._send(sending))

    def close(self) -> None:
        """Takes leave of the relay."""
        self._runner.run(self._lines.close())
        self._runner.close()

    async def _send(self, sending: Sending) -> None:
        try:
            await sending.run()
        except BaseException:
            self._lines.abandon()
            raise
