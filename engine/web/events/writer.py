"""One thread that writes what came over all connections: everything that waits goes into the store with one commit.

So a commit's wait for the disk is shared, and an answer is given only when what it speaks of is committed.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
import structlog

from engine.failpoints import reach
from engine.store.faults import StoreError, is_of_a_statement
from engine.store.ingest import Received, Told, receive
from engine.web.events.refusal import Refusal, busy

_log = structlog.get_logger()

#: Events that share a commit, and those that may wait for theirs.
MOST_TOGETHER = 500
MOST_WAITING = 50_000

Result = Received | Refusal


@dataclass
class _Request:
    """The events of one request, and what became of those that are written."""

    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[list[Result]]
    results: list[Result | None]
    left: int

    def settle(self, at: int, result: Result) -> None:
        self.results[at] = result
        self.left -= 1
        if not self.left:
            found = [one for one in self.results if one is not None]
            self.loop.call_soon_threadsafe(self._answer, found)

    def _answer(self, found: list[Result]) -> None:
        if not self.done.done():
            self.done.set_result(found)


_Waiting = tuple[Told, _Request, int]


@dataclass
class Writer:
    """Writes for all requests of a process. Its thread begins with the first event, and ends with the process."""

    store: sa.Engine
    now: Callable[[], datetime]
    most_waiting: int = MOST_WAITING
    _single: deque[_Waiting] = field(default_factory=deque)
    _of_batches: deque[_Waiting] = field(default_factory=deque)
    _come: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None

    async def write(self, events: Sequence[Told]) -> list[Result]:
        """What became of each event, once it is in the store for good. Raises `Refusal` where too many wait."""
        if not events:
            return []
        loop = asyncio.get_running_loop()
        request = _Request(loop, loop.create_future(), [None] * len(events), len(events))
        with self._come:
            if len(self._single) + len(self._of_batches) + len(events) > self.most_waiting:
                raise busy("too many events wait to be stored")
            queue = self._single if len(events) == 1 else self._of_batches
            queue.extend((one, request, at) for at, one in enumerate(events))
            self._begin()
            self._come.notify()
        return await request.done

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="events", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._come:
                self._come.wait_for(lambda: self._single or self._of_batches)
                turn = [self._next() for _ in range(min(MOST_TOGETHER, len(self._single) + len(self._of_batches)))]
            reach("events.received")
            for (_, request, at), result in zip(turn, self._write([one for one, _, _ in turn]), strict=True):
                request.settle(at, result)

    def _next(self) -> _Waiting:
        """Who sends one event waits for its answer; a batch has time."""
        return self._single.popleft() if self._single else self._of_batches.popleft()

    def _write(self, events: Sequence[Told]) -> Sequence[Result]:
        try:
            return receive(self.store, events, self.now())
        except StoreError as fault:
            _log.error("the store failed; events are told to come again", reason=str(fault), events=len(events))
            return [busy("the store cannot be written now")] * len(events)
        except Exception as fault:
            if len(events) > 1 and is_of_a_statement(fault):  # one of them spoils it for all
                return [result for one in events for result in self._write([one])]
            _log.exception("a fault of the engine; events are not taken", events=len(events))
            refusal = Refusal(500, "a fault of the engine; the event is not stored", "its log says more; send it again")
            return [refusal] * len(events)
