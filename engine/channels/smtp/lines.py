"""The connections to a relay: so many at most, kept from one pass to the next, and heard together."""

import asyncio
from collections.abc import Awaitable, Callable

from engine.channels.smtp.flight import Features
from engine.channels.smtp.line import Line
from engine.channels.smtp.opening import Unopened
from engine.channels.smtp.steps import Death, Patience

_LONGEST_TICK = 1.0
_FAREWELL = 1.0  # seconds for the relay to say goodbye


class Lines:
    """Connections that are open or being opened."""

    def __init__(
        self, open_line: Callable[[asyncio.Protocol], Awaitable[Features]], width: int, patience: Patience
    ) -> None:
        self.width = width
        self.alive: list[Line] = []
        self._open_line = open_line
        self._patience = patience
        self._opening: dict[asyncio.Task[None], Line] = {}
        self._rung: list[Line] = []
        self._waiter: asyncio.Future[None] | None = None
        self._tick: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._opening) or not all(line.free for line in self.alive)

    @property
    def room(self) -> int:
        """How many more may be opened; one, until the relay has waited for a content: a shut door is found by one letter."""
        if not any(line.proven for line in self.alive):
            return 0 if self.alive or self._opening else 1
        return self.width - len(self.alive) - len(self._opening)

    async def wake(self) -> None:
        """Hears what was said to connections that rested, and lets go those that rested too long."""
        if not self.alive:
            return
        for _ in range(3):  # until what has come is read, over TLS too
            await asyncio.sleep(0)
        now = asyncio.get_running_loop().time()
        for line in self.alive:
            line.hear()
            if line.dead is None and now - line.rested > self._patience.idle:
                line.leave()
        self.alive = [line for line in self.alive if line.dead is None]
        self._rung.clear()

    def rest(self) -> None:
        """Keeps what is open for the next pass."""
        now = asyncio.get_running_loop().time()
        for line in self.alive:
            line.rested = now

    def new(self) -> Line:
        """A connection that is not opened yet."""
        return Line(self._patience, self._ring)

    def open(self, line: Line) -> None:
        """Begins to open it; when it is open, or cannot be, it is in the news."""
        self._opening[asyncio.get_running_loop().create_task(self._open(line))] = line

    async def news(self) -> list[Line]:
        """The connections with something to hear, or that have ended; waits until there is one."""
        if not self._rung:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            if self._tick is None:
                tick = min(self._patience.answer / 4, self._patience.final / 4, _LONGEST_TICK)
                self._tick = loop.call_later(tick, self._check)
            await self._waiter
            self._waiter = None
        rung, self._rung = self._rung, []
        for task in [task for task in self._opening if task.done()]:
            line = self._opening.pop(task)
            task.result()
            if line.dead is None:
                self.alive.append(line)
            if line not in rung:  # it may not have rung yet, and its letter would be with nobody
                rung.append(line)
        return rung

    def abandon(self) -> None:
        """Breaks off everything that is under way, as a crash would."""
        for task in self._opening:
            task.cancel()
        for line in (*self._opening.values(), *self.alive):
            line.forget()
        self._opening.clear()
        self._rung.clear()
        self.alive.clear()

    async def close(self) -> None:
        """Takes leave on all of them."""
        lines, self.alive = self.alive, []
        for line in lines:
            line.leave()
        if lines:
            await asyncio.wait([line.gone for line in lines], timeout=min(_FAREWELL, self._patience.answer))
        for line in lines:
            line.forget()
        if self._tick is not None:
            self._tick.cancel()
        await asyncio.sleep(0)

    async def _open(self, line: Line) -> None:
        try:
            line.features = await self._open_line(line)
        except Unopened as fault:
            line.dead = Death(fault.code, fault.reason)
        # The news before this task is done would be too early.
        asyncio.get_running_loop().call_soon(self._ring, line)

    def _ring(self, line: Line) -> None:
        self._rung.append(line)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _check(self) -> None:
        self._tick = None
        now = asyncio.get_running_loop().time()
        for line in self.alive:
            line.check(now)
            if line.dead is not None:
                self._ring(line)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
