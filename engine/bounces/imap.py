"""A mailbox on a server: IMAP over TLS alone, every step with a deadline.

The standard library's imaplib is enough for five commands; packages around it add searching and parsing that is not
needed here, and none of them is younger or better kept than Python itself.
"""

import imaplib
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from engine.bounces.mailbox import ROUND, Incoming, MailboxError
from engine.bounces.report import LARGEST
from engine.settings.mail import Imap

_STEP = 30.0  # seconds that the server may be silent
_ALL = 300.0  # seconds that one round may take; what is left is read in the next
_FAULTS = (imaplib.IMAP4.error, OSError, EOFError)
_PLAIN = re.compile(r"[A-Za-z0-9./_ -]+")


@dataclass(frozen=True)
class ImapBox:
    """One folder on a server."""

    settings: Imap
    password: str = field(repr=False)
    tls: ssl.SSLContext | None = None

    @contextmanager
    def unread(self) -> Iterator[Iterator[Incoming]]:
        """The unread mails; another reader may be at work, then both read them, and each is recorded once."""
        try:
            connection = self._connect()
        except _FAULTS as fault:
            raise self._error(fault) from None
        try:
            yield self._mails(connection)
        except _FAULTS as fault:
            raise self._error(fault) from None
        finally:
            with suppress(*_FAULTS):
                connection.logout()

    def _connect(self) -> imaplib.IMAP4_SSL:
        one = self.settings
        tls = self.tls or ssl.create_default_context()
        connection = imaplib.IMAP4_SSL(one.host, one.port, ssl_context=tls, timeout=_STEP)
        try:
            connection.login(one.user, self.password)
            self._right(connection.select(_quoted(one.folder)))
        except BaseException:
            connection.shutdown()
            raise
        return connection

    def _mails(self, connection: imaplib.IMAP4_SSL) -> Iterator[Incoming]:
        until = time.monotonic() + _ALL
        numbers = self._right(connection.uid("SEARCH", "UNSEEN"))[0].split()
        for number in numbers[:ROUND]:
            if time.monotonic() > until:
                return
            uid = number.decode("ascii", "replace")
            # PEEK does not mark it as read; and no more is fetched than shows that it is too large.
            found = self._right(connection.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST + 1}>)"))
            content = next((bytes(one[1]) for one in found if isinstance(one, tuple)), None)
            if content is not None:
                yield Incoming(content, partial(self._done, connection, uid))

    def _done(self, connection: imaplib.IMAP4_SSL, uid: str, look: bool) -> None:
        flags = r"(\Seen \Flagged)" if look else r"(\Seen)"
        self._right(connection.uid("STORE", uid, "+FLAGS.SILENT", flags))

    def _right(self, answer: tuple[str, list[Any]]) -> list[Any]:
        kind, said = answer
        if kind != "OK":
            raise imaplib.IMAP4.error(said[0].decode("utf-8", "replace") if said and said[0] else kind)
        return [one for one in said if one is not None] or [b""]

    def _error(self, fault: BaseException) -> MailboxError:
        # The server's own words may repeat what we said; never the password.
        said = str(fault).replace(self.password, "…") or type(fault).__name__
        return MailboxError(f"the mailbox of {self.settings.user} on {self.settings.host} cannot be read: {said}")


def _quoted(folder: str) -> str:
    if not _PLAIN.fullmatch(folder):
        raise imaplib.IMAP4.error(f"`{folder}` is no name of a folder that can be asked for")
    return f'"{folder}"'


def open_imap(settings: Imap, environment: Mapping[str, str]) -> ImapBox:
    """The mailbox, with its password from the environment. Raises `ValueError` where it cannot be used."""
    password = environment.get(settings.password)
    if not password:
        raise ValueError(f"the environment variable {settings.password} with the mailbox's password is not set")
    if not (password.isascii() and password.isprintable()):
        raise ValueError(
            f"the password in {settings.password} has letters that IMAP's LOGIN cannot carry; take one of ASCII"
        )
    return ImapBox(settings, password)
