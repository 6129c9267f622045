"""A file that has its name only when it is whole. Where others may write beside it, no link of theirs is followed."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

#: What file systems take for a name, in bytes.
LONGEST_NAME = 255
_PART = ".part"


class Whole:
    """Writes `path` as `….part`, for the eyes of its owner only; a program that is killed leaves what was there before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(f"{path.name}{_PART}")
        self._begun = False

    def begin(self) -> BinaryIO:
        """Opens the part anew. What lay under its name, a link too, is taken away and not written into."""
        self._refuse_what_is_no_file()
        self._part.unlink(missing_ok=True)
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self._begun = True
        return os.fdopen(descriptor, "wb")

    def keep(self) -> None:
        """Gives it its name; what had that name, a link too, is replaced and not written into. Raises `OSError`."""
        self._refuse_what_is_no_file()
        self._part.replace(self.path)
        self._begun = False

    def _refuse_what_is_no_file(self) -> None:
        """A device, a pipe or a folder is somebody else's, and so is what a link leads to that is one."""
        try:
            kind = self.path.stat().st_mode
        except OSError:  # there is nothing, or a link that leads nowhere; what else is wrong is met by writing
            return
        if not stat.S_ISREG(kind):
            raise FileExistsError(errno.EEXIST, "there is something else than a file under that name", str(self.path))

    def drop(self) -> None:
        """Leaves none; nothing where none was begun."""
        if self._begun:
            self._part.unlink(missing_ok=True)
            self._begun = False


def fitting(stem: str, ending: str, beside: str = "") -> str:
    """A name whose stem is cut, without breaking a character, until it and what is written `beside` it have room."""
    room = LONGEST_NAME - len(os.fsencode(ending + beside))
    while len(os.fsencode(stem)) > room:
        stem = stem[:-1]
    return f"{stem}{ending}"
