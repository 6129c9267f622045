"""Writes what many customers ask at the same moment: on SQLite with one commit, on Postgres over a few connections.

SQLite has one writer at a time. Were each request to wait for its turn and for the disk, the last of fifty would wait
for all; together they wait once.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from engine.store.faults import StoreError, in_plain_words

T = TypeVar("T")
Act = Callable[[sa.Connection], T]

#: Acts that share a commit, and connections at one time; seconds after which somebody who waits is told to come again.
_TOGETHER, _AT_ONCE, _PATIENCE = 64, 8, 15.0


@dataclass
class Pen:
    """Reads and writes for one site. What `write` gives has been committed."""

    store: sa.Engine
    patience: float = _PATIENCE
    _readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_AT_ONCE, "web-read"))
    _writers: ThreadPoolExecutor = field(init=False)
    _waiting: list[tuple[Act[Any], asyncio.Future[Any]]] = field(default_factory=list)
    _busy: bool = False

    def __post_init__(self) -> None:
        self._alone = self.store.dialect.name == "sqlite"
        self._writers = ThreadPoolExecutor(1 if self._alone else _AT_ONCE, "web-write")

    async def read(self, act: Act[T]) -> T:
        """What an act reads. Raises `StoreError`."""
        return await self._in_time(asyncio.get_running_loop().run_in_executor(self._readers, self._read, act))

    async def write(self, act: Act[T]) -> T:
        """What an act gives, once it is committed. Raises `StoreError`; then nothing of it may be relied on."""
        loop = asyncio.get_running_loop()
        if not self._alone:
            return await self._in_time(loop.run_in_executor(self._writers, self._one, act))
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((act, future))
        if not self._busy:
            self._next(loop)
        return await self._in_time(future)

    async def _in_time(self, under_way: asyncio.Future[T]) -> T:
        try:
            return await asyncio.wait_for(under_way, self.patience)
        except TimeoutError:
            raise StoreError("the store does not answer in time") from None

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
        self._busy = bool(batch)
        if batch:
            began = loop.time()
            done = loop.run_in_executor(self._writers, self._all, [act for act, _ in batch])
            done.add_done_callback(lambda found: self._answer([one for _, one in batch], found))
            # SQLite lets nobody queue for its lock: a daemon that waits for it would find it taken at every look.
            done.add_done_callback(lambda _: loop.call_later(loop.time() - began, self._next, loop))

    def _answer(self, batch: list[asyncio.Future[Any]], found: asyncio.Future[list[Any]]) -> None:
        fault = found.exception()
        for number, future in enumerate(batch):
            result = fault or found.result()[number]
            if future.done():
                continue  # nobody waits for it any more
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _all(self, acts: list[Act[Any]]) -> list[Any]:
        """The results, or the faults, of these acts; one that spoils the transaction does not spoil the others'."""
        try:
            with in_plain_words(), self.store.begin() as connection:
                return [act(connection) for act in acts]
        except StoreError as fault:
            return [fault] * len(acts)
        except Exception as fault:
            return [fault] if len(acts) == 1 else [self._all([act])[0] for act in acts]

    def _one(self, act: Act[T]) -> T:
        with in_plain_words(), self.store.begin() as connection:
            return act(connection)

    def _read(self, act: Act[T]) -> T:
        with in_plain_words(), self.store.connect().execution_options(reading=True) as connection:
            return act(connection)
