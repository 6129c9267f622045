"""A small IMAP server over TLS for the tests: one folder, the commands that are needed, and misbehaviour on order."""

import re
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

CERTIFICATE = Path(__file__).parents[1] / "channels" / "localhost.pem"


def trusting() -> ssl.SSLContext:
    """What believes the certificate of this server."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))


class ImapServer:
    """Mails with their flags; `misbehave` may answer a command in its own way by returning True."""

    def __init__(self, *mails: bytes) -> None:
        self.mails = {number: mail for number, mail in enumerate(mails, start=1)}
        self.flags: dict[int, str] = {}
        self.commands: list[str] = []
        self.misbehave: Callable[[Session, str], bool] = lambda _session, _line: False
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CERTIFICATE)
        ours = self

        class Server(ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

            def get_request(self) -> tuple[socket.socket, object]:
                plain, address = super().get_request()
                return tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, *_: object) -> None:
                pass  # a client that does not trust us, or goes away

        self._server = Server(("127.0.0.1", 0), lambda *args: Session(ours, *args))
        self.port = self._server.server_address[1]

    def __enter__(self) -> "ImapServer":
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def unread(self) -> list[int]:
        return [number for number in self.mails if "Seen" not in self.flags.get(number, "")]


class Session(StreamRequestHandler):
    """One connection."""

    def __init__(self, server: ImapServer, *args: object) -> None:
        self.ours = server
        super().__init__(*args)  # type: ignore[arg-type]

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def handle(self) -> None:
        self.say("* OK ready")
        for raw in self.rfile:
            line = raw.decode().strip()
            tag, _, command = line.partition(" ")
            self.ours.commands.append(command)
            if self.ours.misbehave(self, command):
                return
            self.answer(tag, command)

    def answer(self, tag: str, command: str) -> None:
        word = command.upper()
        fetch = re.match(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", command)
        store = re.match(r"UID STORE (\d+) \+FLAGS\.SILENT \((.*)\)", command)
        if word == "CAPABILITY":
            self.say("* CAPABILITY IMAP4rev1")
        elif word.startswith("LOGIN") and "secret" not in command:
            self.say(f"{tag} NO [AUTHENTICATIONFAILED] {command} is wrong")
            return
        elif word.startswith("SELECT"):
            if '"INBOX"' not in command:
                self.say(f"{tag} NO there is no such folder")
                return
            self.say(f"* {len(self.ours.mails)} EXISTS")
        elif word.startswith("UID SEARCH"):
            self.say("* SEARCH " + " ".join(map(str, self.ours.unread())))
        elif fetch:
            number = int(fetch[1])
            part = self.ours.mails[number][: int(fetch[2])]
            self.wfile.write(b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (number, number, len(part), part))
        elif store:
            self.ours.flags[int(store[1])] = store[2]
        elif word == "LOGOUT":
            self.say("* BYE")
        self.say(f"{tag} OK done")
