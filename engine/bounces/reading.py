"""Reads the mailbox of a shop: once, or again and again beside the daemon, without ever holding up what it sends."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from engine.bounces.imap import open_imap
from engine.bounces.mailbox import Mailbox, MailboxError
from engine.bounces.maildir import Maildir
from engine.bounces.record import KNOWN, Intake, forget
from engine.settings.mail import Bounces
from engine.shop import Shop
from engine.store.faults import StoreError, in_plain_words

_log = structlog.get_logger()

#: Seconds between two looks into the mailbox; after a fault twice as long, up to an hour.
PAUSE, _LONGEST = 60.0, 3600.0
#: How long the daemon waits at its end for a mail that is just being recorded.
_FAREWELL = 10.0


def open_mailbox(bounces: Bounces, environment: Mapping[str, str] = os.environ) -> Mailbox | None:
    """The mailbox that the settings name; None where mails are piped in. Raises `ValueError` in a sentence."""
    if bounces.imap is not None:
        return open_imap(bounces.imap, environment)
    return Maildir(Path(bounces.maildir)) if bounces.maildir is not None else None


def read_mailbox(
    mailbox: Mailbox, intake: Intake, clock: Callable[[], datetime], stopped: Callable[[], bool] = lambda: False
) -> Counter[str]:
    """Records every unread mail and then marks it as read, so that none is lost between the two. Counts them by kind.

    A mail that the engine stumbles over stays unread, and those behind it are read all the same. Raises `MailboxError`, or
    `StoreError` where the store is away; what was recorded by then stays so.
    """
    counts: Counter[str] = Counter()
    with mailbox.unread() as mails:
        for mail in mails:
            if stopped():
                break
            try:
                with in_plain_words():
                    report = intake(mail.content, clock())
            except StoreError:
                raise
            except Exception:  # anybody can write to the address: no mail of a stranger may hold up those behind it
                _log.exception("a fault of the engine; one mail waits in the mailbox")
                continue
            counts[report.kind if report is not None else KNOWN] += 1
            mail.done(report is not None and report.kind == "ignored")
    return counts


@dataclass
class Watch:
    """Reads the mailbox in a thread of its own while the daemon runs. `shop` gives the one that runs at that moment."""

    shop: Callable[[], Shop | None]
    secrets: Sequence[str]
    clock: Callable[[], datetime]
    pause: float = PAUSE
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to read."""
        self._thread = threading.Thread(target=self._run, name="bounces", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the mail that is being recorded; a server that does not answer is not waited for."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_FAREWELL)

    def _run(self) -> None:
        pause = self.pause
        while not self._stop.is_set():
            went_well = self._once()
            pause = self.pause if went_well else min(pause * 2, _LONGEST)
            self._stop.wait(pause)

    def _once(self) -> bool:
        shop = self.shop()
        email = shop.settings.channels.email if shop is not None else None
        if shop is None or email is None or email.bounces is None:
            return True
        try:
            with in_plain_words():
                forget(shop.store, self.clock())
            mailbox = open_mailbox(email.bounces)
            intake = Intake(shop, self.secrets, email.bounces.address)
            counts = read_mailbox(mailbox, intake, self.clock, self._stop.is_set) if mailbox is not None else Counter()
        except (MailboxError, StoreError, ValueError) as fault:
            _log.warning("bounces wait in their mailbox", reason=str(fault))
            return False
        except Exception:
            _log.exception("a fault of the engine; bounces wait in their mailbox")
            return False
        if counts:
            _log.info("bounces", **counts)
        return True
