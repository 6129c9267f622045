"""What a store can fail at, in plain words: a full disk, a lock, a file that cannot be written."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, TypeVar

import sqlalchemy as sa

#: How often a transaction that clashed with another one is begun again.
_TRIES: Final = 5

_Result = TypeVar("_Result")


class StoreError(Exception):
    """The store cannot do what was asked; `advice` says what helps. Nothing of the transaction under way was kept."""

    def __init__(self, text: str, advice: str = "") -> None:
        super().__init__(f"{text}: {advice}" if advice else text)
        self.text = text
        self.advice = advice

    @property
    def passing(self) -> bool:
        """Whether the same may succeed at once: another program was quicker."""
        return self.text == _AT_ONCE[0]


_LOCKED = ("the store is locked by another program", "end the other program, or try again when it is done")
_FULL = ("the store's disk is full", "make room and start again; what was committed is safe")
_READ_ONLY = ("the store cannot be written", "give this user the right to write the file and its folder")
_BROKEN = ("the store's file is damaged", "restore it from a backup")
_UNREACHABLE = ("the store's database does not answer", "check the address, and that the server runs")
_AT_ONCE = ("two programs wrote the same rows at once", "try again")
_ABSENT = ("the store's database does not exist", "create it first:  createdb NAME")
_REFUSED = ("the store's database refuses the login", "check the user, the password and the name of the database")

#: By the name of SQLite's result code (https://www.sqlite.org/rescode.html), without what follows the second `_`.
_SQLITE = {
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_FULL": _FULL,
    "SQLITE_IOERR": ("the store's disk cannot be read or written", "check the disk"),
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_CANTOPEN": ("the store's file cannot be opened", "check that its folder exists and may be written"),
    "SQLITE_CORRUPT": _BROKEN,
    "SQLITE_NOTADB": ("the store's file is no SQLite database", "name another file"),
}

#: By SQLSTATE, the longest beginning first (PostgreSQL, appendix A).
_POSTGRES = {
    "53100": _FULL,
    "53": ("the store's database has no resources left", "look at its log; more connections or memory may be needed"),
    "25006": ("the store's database is read-only", "connect to the primary server, not to a copy"),
    "42501": ("the user may not do this in the store's database", "grant the right, or use the owner of the tables"),
    "3D000": _ABSENT,
    "28": _REFUSED,
    "40": _AT_ONCE,
    "55P03": _LOCKED,
    "57": _UNREACHABLE,
    "08": _UNREACHABLE,
}


#: By what the server says before it gives a SQLSTATE.
_CONNECTING = {
    "authentication failed": _REFUSED,
    "no password supplied": _REFUSED,
    "role ": _REFUSED,
    "does not exist": _ABSENT,
}


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Turns what the drivers raise into `StoreError`, where the cause is known and lies outside of the program."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        known = _known(error)
        if known is None:
            raise
        raise StoreError(*known) from error


def _known(error: sa.exc.DBAPIError) -> tuple[str, str] | None:
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return _SQLITE.get("_".join(name.split("_")[:2]))
    state = getattr(error.orig, "sqlstate", None)
    if state is None and isinstance(error, sa.exc.OperationalError):  # there was no connection, so there is no SQLSTATE
        return next((known for sign, known in _CONNECTING.items() if sign in str(error.orig)), _UNREACHABLE)
    if state is None:
        return None
    return next((_POSTGRES[start] for start in (state, state[:2]) if start in _POSTGRES), None)


def is_of_a_statement(error: BaseException) -> bool:
    """Whether the store refused one statement (a column that is gone, a value of the wrong kind) and is well itself."""
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if getattr(error.orig, "sqlite_errorname", None) is not None:
        return _known(error) is None  # SQLite has one class for a missing column and a locked file
    return not isinstance(error, sa.exc.OperationalError)


def is_a_clash(error: BaseException) -> bool:
    """Whether two transactions stood in each other's way, so that this one can simply be done again."""
    return isinstance(error, sa.exc.DBAPIError) and getattr(error.orig, "sqlstate", None) in ("40001", "40P01")


def unless_in_the_way(begin: Callable[[], AbstractContextManager[Any]], work: Callable[[Any], _Result]) -> _Result:
    """Work in a transaction of its own, with what `begin` gives; begun again where another one stood in its way."""
    for _ in range(_TRIES):
        try:
            with begin() as connection:
                return work(connection)
        except sa.exc.DBAPIError as fault:
            if not is_a_clash(fault):
                raise
    with begin() as connection:
        return work(connection)
