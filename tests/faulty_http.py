"""A server that answers as a test says, and keeps what it was asked: all ways in which a provider can misbehave."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[["Conversation"], None]


@dataclass
class Asked:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Conversation:
    """One connection; a behaviour writes what it wants, or waits until the test is over."""

    connection: socket.socket
    over: threading.Event
    asked: Asked

    def write(self, data: bytes) -> None:
        """Bytes, as they are."""
        with suppress(OSError):
            self.connection.sendall(data)

    def reset(self) -> None:
        """Breaks off without a word."""
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


@dataclass
class Faulty:
    """Listens on a free port of 127.0.0.1 while the `with` block lasts."""

    behaviour: Behaviour
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    opened: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def faulty(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Faulty]:
    """Runs the server. Its threads end with the block, whatever they were told to do."""
    server, over = Faulty(behaviour), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.port = listening.getsockname()[1]
        threads: list[threading.Thread] = []

        def listen() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    if over.is_set():
                        connection.close()
                        return
                    server.opened += 1
                    threads.append(threading.Thread(target=converse, args=(connection,), daemon=True))
                    threads[-1].start()

        def converse(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                connection.settimeout(5)
                spoken = tls.wrap_socket(connection, server_side=True) if tls is not None else connection
                with spoken:
                    asked = _read(spoken)
                    if asked is not None:
                        server.asked.append(asked)
                        server.behaviour(Conversation(spoken, over, asked))

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            yield server
        finally:
            over.set()
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", server.port), 1).close()
            listener.join(5)
            for thread in threads:
                thread.join(5)


def _read(connection: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, target, _ = first.split(" ")
    return Asked(method, target, headers, body)


def answers(status: int, body: str = "", **headers: str) -> Behaviour:
    """A proper reply; `retry_after="5"` is the header `retry-after`."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    content = body.encode()
    return lambda talk: talk.write(
        f"HTTP/1.1 {status} Said\r\n{lines}content-length: {len(content)}\r\n\r\n".encode() + content
    )


def hangs(talk: Conversation) -> None:
    """Takes the request and says nothing."""
    talk.over.wait(10)


def drops(talk: Conversation) -> None:
    """Takes the request and breaks off."""
    talk.reset()


def breaks_in_the_head(talk: Conversation) -> None:
    """Breaks off before the status is complete."""
    talk.write(b"HTTP/1.1 20")


def breaks_in_the_body(talk: Conversation) -> None:
    """Promises more than comes."""
    talk.write(b'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"sid": "SM1"')


def babbles(talk: Conversation) -> None:
    """Writes a body without end, as fast as it is read."""
    talk.write(b"HTTP/1.1 200 OK\r\n\r\n")
    with suppress(OSError):
        while not talk.over.is_set():
            talk.connection.sendall(b"x" * 65536)


def babbles_in_the_head(talk: Conversation) -> None:
    """Writes headers without end."""
    talk.write(b"HTTP/1.1 200 OK\r\n")
    with suppress(OSError):
        while not talk.over.is_set():
            talk.connection.sendall(b"x-more: " + b"x" * 1000 + b"\r\n")


def trickles(talk: Conversation) -> None:
    """Writes the head, a letter at a time, always in time for a timeout that counts from the last letter."""
    for letter in b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" * 100:
        if talk.over.wait(0.02):
            return
        talk.write(bytes([letter]))


def trickles_the_body(talk: Conversation) -> None:
    """Writes the head at once, and then the body a letter at a time."""
    talk.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while not talk.over.wait(0.02):
        talk.write(b" ")


def speaks_something_else(talk: Conversation) -> None:
    """Is no web server."""
    talk.write(b"220 mail.example ESMTP\r\n")


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
