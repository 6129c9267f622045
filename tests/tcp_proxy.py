"""A TCP proxy for tests that makes a network bad: slow, narrow, chopped, cut, or silent, in either direction."""

import asyncio
import socket
import struct
from dataclasses import dataclass
from threading import Thread

_LINGER = struct.pack("ii", 1, 0)  # closing says RST


@dataclass(frozen=True)
class Toxics:
    """What is done to the bytes of one direction. Times are in seconds."""

    latency: float = 0.0
    bandwidth: int = 0  # bytes a second
    slices: int = 0  # bytes in a piece
    limit: int | None = None  # so many bytes pass, then the connection is closed
    reset: int | None = None  # the same, with RST
    black_hole: int | None = None  # so many bytes pass, the rest is swallowed, and the connection stays
    slow_close: float = 0.0  # how long an end is held back


class Proxy:
    """Between a client and a port, in a thread of its own, while the `with` block lasts."""

    def __init__(self, port: int, *, up: Toxics | None = None, down: Toxics | None = None) -> None:
        self.up = up or Toxics()  # what the client says; read when a connection is made
        self.down = down or Toxics()
        self.connections = 0
        self.passed = [0, 0]  # bytes up and down
        self._to = port
        self._swallowed = 0  # connections up to this one lead nowhere
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    def __enter__(self) -> "Proxy":
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def heal(self) -> None:
        """New connections are well."""
        self.up = self.down = Toxics()

    def swallow(self) -> None:
        """The connections that are open lead nowhere from now on; new ones are well."""
        self._swallowed = self.connections

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._accept, "localhost", 0)

    async def _end(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        for _ in range(2):  # until their ends were told
            await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            there, back = await asyncio.open_connection("localhost", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._writers.append(back)
        both = (writer, back)
        for number, (source, target, toxics) in enumerate(((reader, back, self.up), (there, writer, self.down))):
            task = self._loop.create_task(self._pass(source, target, toxics, number, both))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        toxics: Toxics,
        number: int,
        both: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        passed, mine = 0, self.connections
        try:
            while data := await source.read(65_536):
                if mine <= self._swallowed:
                    continue
                for piece in _sliced(data, toxics.slices):
                    room = _room(toxics, passed)
                    if room is not None and len(piece) >= room:
                        target.write(piece[:room])
                        await target.drain()
                        passed += room
                        if _cut(toxics, both):
                            return
                        continue
                    await self._wait(toxics, len(piece))
                    target.write(piece)
                    passed += len(piece)
                    self.passed[number] += len(piece)
                    await target.drain()
            await asyncio.sleep(toxics.slow_close)
        except OSError:
            pass
        finally:
            if toxics.black_hole is None:
                target.close()

    @staticmethod
    async def _wait(toxics: Toxics, size: int) -> None:
        if toxics.latency or toxics.bandwidth:
            await asyncio.sleep(toxics.latency + (size / toxics.bandwidth if toxics.bandwidth else 0))


def _sliced(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)] if size else [data]


def _room(toxics: Toxics, passed: int) -> int | None:
    limits = [limit for limit in (toxics.limit, toxics.reset, toxics.black_hole) if limit is not None]
    return max(0, min(limits) - passed) if limits else None


def _cut(toxics: Toxics, both: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> bool:
    """Ends the connection as ordered; whether it has an end."""
    if toxics.black_hole is not None:
        return False
    for writer in both:
        if toxics.reset is not None:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            writer.transport.abort()
        else:
            writer.close()
    return True
