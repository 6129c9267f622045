"""The inbox: a folder into which other systems drop CSV files; each is imported when it is whole, and moved to `done/`.

The beginning of its name says what a file holds: `customers.csv`, `orders-2026-03-01.csv`. A file that is killed half-way
is imported again from its beginning, which changes nothing of what is in the store already.
"""

import errno
import fcntl
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import structlog

from engine.failpoints import reach
from engine.shop import Shop
from engine.store.faults import StoreError, is_of_a_statement
from engine.store.importing import KINDS, ImportReport, Refused, import_open
from engine.whole import fitting

#: Between two looks; what is the same in both is whole.
INTERVAL: Final = timedelta(seconds=5)

DONE: Final = "done"
_ERRORS = ".errors.csv"
_FAREWELL = 10.0  # seconds that the end of a program waits for the rows under way
_LOCK = ".regulars.lock"
#: What the importer writes beside a file, and what programs name a file as long as it is not whole.
_OWN = re.compile(r"\.rejected\.csv(?:\.part)?$")
_UNFINISHED = re.compile(r"^\.|~$|\.(?:part|tmp|filepart|crdownload|swp)$", re.IGNORECASE)
_FILE = re.compile(r"([a-z_]+)(?:[^a-z_].*)?\.csv", re.IGNORECASE | re.DOTALL)
_LOGGED = 100
#: What one file meets, every other one would meet too; and it passes.
_OF_ALL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM})

_log = structlog.get_logger()
_Seen = tuple[int, int, int, int]


class _Stopped(Exception):
    """The program is asked to end; the file goes on with its next start."""


@dataclass
class Inbox:
    """One folder. `look` takes in what was whole at two looks; several programs on one folder take turns."""

    folder: Path
    _before: dict[str, _Seen] = field(default_factory=dict)
    _refused: dict[str, _Seen] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self, shop: Callable[[], Shop | None], now: Callable[[], datetime]) -> None:
        """Looks again and again, in a thread of its own. `shop` gives the one that runs at that moment."""
        self._thread = threading.Thread(target=self._watch, args=(shop, now), name="inbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the rows that are being written; the rest of a file goes on with the next start."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_FAREWELL)

    def _watch(self, shop: Callable[[], Shop | None], now: Callable[[], datetime]) -> None:
        """A fault ends one look and not the watch."""
        while not self._stop.wait(INTERVAL.total_seconds()):
            found = shop()
            try:
                if found is not None:
                    self.look(found, now())
            except (StoreError, OSError) as fault:
                _log.error("the inbox waits", folder=str(self.folder), reason=str(fault))
            except Exception:
                _log.exception("a fault of the engine; the inbox waits", folder=str(self.folder))

    def look(self, shop: Shop, now: datetime) -> list[ImportReport]:
        """Imports what is whole, customers first; gives what came of each file. Raises `StoreError` and `OSError`."""
        with _alone(self.folder) as mine:
            if not mine:
                return []
            files = dict(self._files())
            whole = [name for name, seen in files.items() if self._before.get(name) == seen != self._refused.get(name)]
            self._before = files
            if not whole:
                return []
            with _own_folder(self.folder / DONE) as done:
                return list(self._take_all(shop, whole, done, now))

    def _take_all(self, shop: Shop, names: Iterable[str], done: int, now: datetime) -> Iterator[ImportReport]:
        for name in sorted(names, key=lambda name: (list(KINDS).index(_kind(name) or ""), name)):
            try:
                report = self._take(shop, name, done, now)
            except _Stopped:
                return
            except (OSError, StoreError) as fault:
                self._leave(name, fault)
            except Exception as fault:
                if isinstance(fault, sa.exc.DBAPIError) and not is_of_a_statement(fault):
                    raise  # the next file would meet it too
                self._refused[name] = self._before[name]
                _log.exception("a fault of the engine; a file of the inbox is left where it is", name=_shown(name))
            else:
                yield from [report] if report is not None else []

    def _files(self) -> Iterator[tuple[str, _Seen]]:
        """The files that may be imported, and what tells whether one has changed. The others are named once."""
        for entry in sorted(os.scandir(self.folder), key=lambda entry: entry.name):
            reason = _no_file(entry)
            if reason is None:
                yield entry.name, _seen(entry.stat(follow_symlinks=False))
            elif reason and entry.name not in self._told:
                self._told.add(entry.name)
                _log.warning("left alone in the inbox", name=_shown(entry.name), reason=reason)

    def _take(self, shop: Shop, name: str, done: int, now: datetime) -> ImportReport | None:
        def go_on(*_: int) -> None:
            if self._stop.is_set():
                raise _Stopped

        path = self.folder / name
        with open(path, "rb", opener=_unfollowed) as file:
            if _seen(os.fstat(file.fileno())) != self._before[name]:
                return None  # another file has its name now, and is not known to be whole
            report = import_open(shop.store, _kind(name) or "", path, file, shop.reading(now), go_on)
        if not isinstance(report, ImportReport):
            self._refuse(name, report)
            return None
        reach("inbox.imported")
        if _seen(path.stat(follow_symlinks=False)) != self._before[name]:
            return None  # it grew meanwhile: what is there now is imported once it is whole
        self._put_away(report, path, done, now.astimezone(shop.settings.zone).date().isoformat())
        counts = {word: getattr(report, word) for word in ("read", "new", "changed", "unchanged", "rejected")}
        _log.info("a file of the inbox is imported", name=_shown(name), **counts, warnings=dict(report.warnings))
        return report

    def _refuse(self, name: str, refused: tuple[Refused, ...]) -> None:
        """The file stays where it is, and is looked at again when it has changed."""
        self._refused[name] = self._before[name]
        for one in refused[:_LOGGED]:
            _log.error("a file of the inbox cannot be imported; mend it there", name=_shown(name), reason=str(one))

    def _leave(self, name: str, fault: OSError | StoreError) -> None:
        """One file that cannot be read or put away stays as well, and keeps no other one waiting."""
        cause = fault if isinstance(fault, OSError) else fault.__cause__
        if not isinstance(cause, OSError) or cause.errno in _OF_ALL:
            raise fault
        self._refused[name] = self._before[name]
        reason = f"it cannot be read or put away: {cause.strerror}" if cause is fault else str(fault)
        _log.error("a file of the inbox is left where it is; mend it there", name=_shown(name), reason=reason)

    def _put_away(self, report: ImportReport, path: Path, done: int, day: str) -> None:
        """To `done/`, with the day before its name, and the rows with faults beside it."""
        target = _free(done, day, path.name)
        if report.rejected_file is not None:
            os.rename(report.rejected_file, f"{target}{_ERRORS}", dst_dir_fd=done)
        os.rename(path, target, dst_dir_fd=done)
        self._before.pop(path.name, None)


def _seen(stat: os.stat_result) -> _Seen:
    # The time of its rights too: a file that could not be read is mended by giving it others.
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _kind(name: str) -> str | None:
    """What a file holds, as `regulars import` calls it: the word at the beginning of its name."""
    found = _FILE.fullmatch(name)
    word = found[1].lower().rstrip("_") if found else ""
    return max((kind for kind in KINDS if word == kind or word.startswith(f"{kind}_")), key=len, default=None)


def _no_file(entry: os.DirEntry[str]) -> str | None:
    """Why an entry is not imported; empty where nobody need be told, None where it is."""
    if entry.name in (DONE, _LOCK) or _OWN.search(entry.name) or _UNFINISHED.search(entry.name):
        return ""
    if entry.is_symlink():
        return "it is a link, and not a file of its own"
    if not entry.is_file(follow_symlinks=False):
        return "it is no file"
    if _kind(entry.name) is None:
        return f"its name begins with none of  {', '.join(KINDS)}  or does not end with  .csv"
    return None


def _free(folder: int, day: str, name: str) -> str:
    """A name that is not taken; two files of one name on one day both stay. A long one is cut before its ending."""
    stem, ending = name[:-4], name[-4:]
    target, number = fitting(f"{day}-{stem}", ending, beside=_ERRORS), 1
    while _is_taken(folder, target):
        number += 1
        target = fitting(f"{day}-{number}-{stem}", ending, beside=_ERRORS)
    return target


def _is_taken(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _unfollowed(path: str, flags: int) -> int:
    """Opens a file that may have been swapped since it was seen: no link is followed, and no pipe is waited for."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


@contextmanager
def _own_folder(path: Path) -> Iterator[int]:
    """A folder, made where there is none, and held: whoever writes beside it cannot lead us elsewhere by a link."""
    try:
        path.mkdir(exist_ok=True)
        opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileExistsError, NotADirectoryError) as fault:
        what = "link" if path.is_symlink() else "file"
        raise NotADirectoryError(f"`{path}` must be a folder: move the {what} away") from fault
    try:
        yield opened
    finally:
        os.close(opened)


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()[:200]


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether this program alone looks into the folder now; the lock ends with the program, however it ends."""
    opened = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(opened)
