"""What the doctor is led to: a DNS server, a relay with a certificate of any length of life, and a patient."""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from dns import flags, message, rcode, rdataclass, rdatatype, rrset

from engine.daemon import clock
from engine.doctor import Finding, Names, Patient
from tests.shop import SETTINGS, workspace_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Zone = Mapping[tuple[str, str], Sequence[str]]

#: A domain where everything is as it should be; the relay has an address of the open network.
HEALTHY: Zone = {
    ("shop.example", "MX"): ["10 mx.shop.example."],
    ("shop.example", "TXT"): ['"google-site-verification=x"', '"v=spf1 include:relay.example -all"'],
    ("relay.example", "TXT"): ['"v=spf1 ip4:8.8.4.0/24 -all"'],
    ("smtp.relay.example", "A"): ["8.8.4.4"],
    ("4.4.8.8.in-addr.arpa", "PTR"): ["smtp.relay.example."],
    ("_dmarc.shop.example", "TXT"): ['"v=DMARC1; p=none; rua=mailto:d@shop.example"'],
}


@contextmanager
def dns(zone: Zone, *, silent: bool = False, broken: bool = False) -> Iterator[Names]:
    """A server of names over UDP; `silent` never answers, `broken` says SERVFAIL."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                try:
                    packet, asker = listening.recvfrom(4096)
                except OSError:
                    return
                if packet == b"end":
                    return
                if not silent:
                    listening.sendto(_answer(packet, zone, broken=broken), asker)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        yield Names([("127.0.0.1", port)], seconds=0.2 if silent else 5.0)
        listening.sendto(b"end", ("127.0.0.1", port))
        thread.join(5)


def _answer(packet: bytes, zone: Zone, *, broken: bool) -> bytes:
    question = message.from_wire(packet)
    reply = message.make_response(question)
    reply.flags |= flags.AA | flags.RA
    asked = question.question[0]
    name, kind = asked.name.to_text(omit_final_dot=True).lower(), rdatatype.to_text(asked.rdtype)
    records = zone.get((name, kind))
    if broken:
        reply.set_rcode(rcode.SERVFAIL)
    elif records:
        reply.answer.append(rrset.from_text(asked.name, 60, rdataclass.IN, kind, *records))
    elif not any(known == name for known, _ in zone):
        reply.set_rcode(rcode.NXDOMAIN)
    return reply.to_wire()


def certificate(folder: Path, *, days: int = 365, host: str = "localhost") -> Path:
    """A certificate that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    today = clock()  # TLS itself reads the machine's clock
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=400))
        .not_valid_after(today + timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / f"{host}-{days}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*form))
    return path


class Box:
    """Keeps what was sent."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.contents.append(envelope.content)
        return "250 kept"


def _login(server: SMTP, session: Any, envelope: Any, mechanism: str, proof: Any) -> AuthResult:
    right = isinstance(proof, LoginPassword) and proof == LoginPassword(b"shop", b"correct horse")
    return AuthResult(success=right, handled=False)


@contextmanager
def relay(
    security: str, pem: Path | None = None, ident: str = "a relay", box: Box | None = None
) -> Iterator[tuple[int, Box]]:
    """A relay that is not ours."""
    box, more = box or Box(), {}
    if pem is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
        more = {"ssl_context": context} if security == "tls" else {"tls_context": context}
        more |= {"authenticator": _login, "auth_require_tls": security != "tls"}
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="localhost", port=port, ident=ident, **more)
    controller.start()
    try:
        yield port, box
    finally:
        controller.stop()


def patient(
    store: sa.Engine,
    mail: str = "",
    *,
    names: Names | None = None,
    more: str = "",
    trusts: Path | None = None,
    **given: Any,
) -> Patient:
    """A patient whose settings of mail, and further settings, are these."""
    written = SETTINGS.replace("hello@shop.example>}", f"hello@shop.example>{', ' if mail else ''}{mail}}}") + more
    settings = workspace_of({}, written).settings
    assert settings is not None
    tls = ssl.create_default_context(cafile=str(trusts)) if trusts is not None else None
    fixed = {"environment": {}, "clock": lambda: NOW, "tls": tls, "seconds": 5.0, **given}
    return Patient(settings, store, names=names if names is not None else Names([("127.0.0.1", 9)]), **fixed)


def said(findings: Iterator[Finding]) -> list[str]:
    """The lines as people read them."""
    return [f"{one.level} {one.check}: {one.seen}" for one in findings]


def sick(findings: Iterator[Finding]) -> list[str]:
    """What is not well; for each there is something to do."""
    found = [one for one in findings if one.level != "ok"]
    assert all(one.advice for one in found), found
    return [f"{one.level} {one.check}: {one.seen}" for one in found]
