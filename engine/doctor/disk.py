"""The disk below a SQLite store: room, rights, and whether it is a disk of this machine."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.doctor.finding import Finding
from engine.doctor.patient import Patient

_LITTLE, _TOO_LITTLE = 1 << 30, 100 << 20
_MOUNTS: Final = Path("/proc/mounts")
#: File systems whose locks and whose fsync other machines answer for.
_OF_THE_NET: Final = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.s3fs")
)
_OTHERS_MAY = 0o077


def disk(patient: Patient) -> Iterator[Finding]:
    """The disk below the store; that of a Postgres is its server's."""
    if patient.store.dialect.name != "sqlite" or patient.store.url.database in (None, "", ":memory:"):
        return
    path = Path(str(patient.store.url.database)).absolute()
    if not path.parent.is_dir():
        yield Finding("disk", "fault", f"the folder {path.parent} does not exist", "make it")
        return
    yield room(shutil.disk_usage(path.parent).free)
    yield place(path, _MOUNTS.read_text("utf-8", "replace") if _MOUNTS.exists() else "")
    if path.exists():
        yield from rights(path)


def room(free: int) -> Finding:
    """How much may still be written."""
    seen = f"{free / (1 << 30):.1f} GiB free"
    if free < _TOO_LITTLE:
        return Finding("disk", "fault", seen, "make room: nothing is sent when the disk is full")
    return Finding("disk", "warn", seen, "make room") if free < _LITTLE else Finding("disk", "ok", seen)


def place(path: Path, mounts: str) -> Finding:
    """On which kind of file system a path lies, by the table of mounts."""
    lines = [line.split() for line in mounts.splitlines() if len(line.split()) > 2]
    known = [(Path(where.replace("\\040", " ")), kind) for _, where, kind, *_ in lines]
    above = [(where, kind) for where, kind in known if where in (path, *path.parents)]
    kind = max(above, key=lambda one: len(one[0].parts))[1] if above else "unknown"
    if kind in _OF_THE_NET:
        advice = "put the store on a disk of this machine, or use Postgres: SQLite's locks do not hold over a network"
        return Finding("disk", "warn", f"the store lies on a network file system ({kind})", advice)
    return Finding("disk", "ok", f"the file system is {kind}")


def rights(path: Path) -> Iterator[Finding]:
    """Who may read the store."""
    stat = path.stat()
    mode = stat.st_mode & 0o777
    if mode & _OTHERS_MAY:
        yield Finding(
            "disk", "warn", f"others on this machine may open the store (mode {mode:04o})", f"chmod 600 {path}"
        )
    else:
        yield Finding("disk", "ok", f"only its owner may open the store (mode {mode:04o})")
    if stat.st_uid != os.geteuid() and os.geteuid() != 0:
        yield Finding("disk", "fault", "the store belongs to another user", f"run as that user, or  chown $USER {path}")
    elif not os.access(path, os.W_OK):
        yield Finding("disk", "fault", "the store cannot be written", f"chmod u+w {path}")
