"""A Maildir: what lies in `new` is unread; read mails go into `cur`, with a flag where a person should look."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.bounces.mailbox import ROUND, Incoming, MailboxError
from engine.bounces.report import LARGEST


@dataclass(frozen=True)
class Maildir:
    """One folder with `new` and `cur` in it."""

    folder: Path

    @contextmanager
    def unread(self) -> Iterator[Iterator[Incoming]]:
        """The mails in `new`, the oldest first as their names go. Another reader may be at work; it takes others."""
        try:
            names = sorted(path.name for path in (self.folder / "new").iterdir() if not path.name.startswith("."))
            (self.folder / "cur").stat()  # else every mail would be read again and again
        except OSError as fault:
            raise MailboxError(f"the Maildir {self.folder} cannot be read: {fault.strerror}") from None
        yield self._mails(names[:ROUND])

    def _mails(self, names: list[str]) -> Iterator[Incoming]:
        for name in names:
            try:
                with (self.folder / "new" / name).open("rb") as file:
                    content = file.read(LARGEST + 1)
            except FileNotFoundError:
                continue
            except OSError as fault:
                raise MailboxError(f"{self.folder / 'new' / name} cannot be read: {fault.strerror}") from None
            yield Incoming(content, partial(self._done, name))

    def _done(self, name: str, look: bool) -> None:
        flags = "FS" if look else "S"  # flagged, seen; in the order of the alphabet
        try:
            with suppress(FileNotFoundError):
                (self.folder / "new" / name).rename(self.folder / "cur" / f"{name.partition(':')[0]}:2,{flags}")
        except OSError as fault:
            raise MailboxError(f"{self.folder / 'new' / name} cannot be moved: {fault.strerror}") from None
