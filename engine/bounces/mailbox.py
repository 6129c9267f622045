"""A mailbox: unread mails one after the other, each marked as read when it is done."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

#: Mails that are read at one time; the others wait for the next round.
ROUND = 500


class MailboxError(Exception):
    """The mailbox cannot be read now; in words for people."""


@dataclass(frozen=True)
class Incoming:
    """One unread mail. `done` marks it as read; told True, also as one that a person should look at."""

    content: bytes  # of one that is too large for a report, no more than shows it
    done: Callable[[bool], None]


class Mailbox(Protocol):
    """Where mails lie. Raises `MailboxError`."""

    def unread(self) -> AbstractContextManager[Iterator[Incoming]]:
        """The unread mails, at most `ROUND`, while the block lasts."""
