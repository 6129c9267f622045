"""Named places at which a test can stop the program as a crash would: killed, halted or with a fault, exactly there.

`REGULARS_FAILPOINTS` arms them for a process: `deliver.sending=kill`, or several with commas between them, each with the
number of the pass at which it acts: `smtp.dot=kill@3`. Nothing is armed where the variable is not set.
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

VARIABLE = "REGULARS_FAILPOINTS"

#: Every failpoint, and what has just happened when the program stands there.
FAILPOINTS: Mapping[str, str] = {
    "tick.looked": "it is known what is due, and nothing of it is done",
    "listen.heard": "runs are woken and ended by what happened, in a transaction that is not committed",
    "enrol.entered": "runs are written for those who enter, in a transaction that is not committed",
    "advance.written": "runs have moved and what their steps give is written, in a transaction that is not committed",
    "advance.moved": "runs have moved, that is committed, and nothing of what they say has gone out",
    "deliver.claiming": "messages are claimed, in a transaction that is not committed",
    "deliver.claimed": "messages are claimed, and nothing was looked at",
    "deliver.chosen": "of messages it is known which may go by which channel, and none was offered to it",
    "deliver.frozen": "contents are written into the store, in a transaction that is not committed",
    "deliver.looking": "messages were looked at for the last time, in a transaction that is not committed",
    "deliver.sending": "it is committed that messages are being sent, and no byte of a content has left",
    "deliver.sent": "a door has told what became of a message, and it is not on record",
    "deliver.settling": "what became of messages is written, in a transaction that is not committed",
    "deliver.settled": "what became of messages is on record",
    "reap.half": "some messages of dead workers are taken back, in a transaction that is not committed",
    "uncertain.decided": "it is decided what becomes of messages without an answer, and not committed",
    "upkeep.contents": "contents that nothing asks for any more are removed, and that is not committed",
    "smtp.connected": "a connection to the relay may be used, and nothing was said on it",
    "smtp.rcpt": "the relay has taken a recipient, and the gate was not asked",
    "smtp.354": "the relay waits for a content; where it pipelines, the gate was not asked",
    "smtp.half": "half of a content has left",
    "smtp.dot": "a content has left with its final dot, and no answer was read",
    "smtp.replied": "the answer to a content was read, and nobody was told",
    "render.child": "a process that writes messages is ready, and was given none",
    "render.sent": "messages were given to the process that writes them, and none was taken back",
    "bounce.read": "a mail that came back was read, and nothing of it is in the store",
    "bounce.recorded": "what a mail that came back says is in the store, and the mail still lies unread in its mailbox",
    "web.left": "a customer has left on the page, that is committed, and nobody was told so",
    "events.received": "events came over HTTP, and nothing of them is in the store",
    "events.committed": "events from HTTP are in the store, and nobody was told so",
    "import.batch": "a batch of a file's rows is in the store, and the next is not",
    "inbox.imported": "a file of the inbox is in the store, and still lies where it was dropped",
    "export.half": "some files of an export are written, and it has not got its name",
    "erase.half": "some tables of a customer who is being erased are empty, others are not yet",
    "erase.sweeping": "a customer is erased, and the file still has copies of the rows in its free pages",
}


class Crash(BaseException):
    """A crash within a test's own process: nothing may catch it to tidy up, as nothing does after a kill."""


def reach(name: str) -> None:
    """The program stands at a failpoint; where it is armed, it ends there."""
    if _armed and name in _armed:
        _act(name)


def is_armed(name: str) -> bool:
    """Whether anything happens at a failpoint; for places that only exist where it does."""
    return name in _armed


@contextmanager
def armed(name: str, at: int = 1) -> Iterator[None]:
    """Within this process: `Crash` is raised when the place is reached for the `at`-th time."""
    _arm(name, "raise", at)
    try:
        yield
    finally:
        _armed.pop(name, None)


def _arm(name: str, action: str, at: int) -> None:
    if name not in FAILPOINTS or action not in _ACTIONS or at < 1:
        raise ValueError(f"{VARIABLE}: there is no failpoint `{name}={action}@{at}`")
    _armed[name] = (action, at)


def _act(name: str) -> None:
    action, left = _armed[name]
    _armed[name] = (action, left - 1)
    if left == 1:
        _ACTIONS[action](name)


def _raise(name: str) -> None:
    raise Crash(name)


_ACTIONS: Mapping[str, Callable[[str], None]] = {
    "kill": lambda _name: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda _name: os.kill(os.getpid(), signal.SIGSTOP),
    "raise": _raise,
}
_armed: dict[str, tuple[str, int]] = {}


def _read(text: str) -> None:
    for one in filter(None, text.replace(" ", "").split(",")):
        name, _, how = one.partition("=")
        action, _, at = how.partition("@")
        _arm(name, action, int(at) if at.isdigit() else 1 if not at else 0)


_read(os.environ.get(VARIABLE, ""))
