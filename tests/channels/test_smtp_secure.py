"""TLS and the login of mail: never less than was asked for, against a server that is not ours and one that lies."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.channels import Done, Retry
from tests.channels.posting import SOON, channel, letter, letters, send
from tests.smtp_sink import Relay

CERTIFICATE = Path(__file__).with_name("localhost.pem")
TRUSTED = ssl.create_default_context(cafile=str(CERTIFICATE))
ACCOUNT = {"user": "shop", "password": "RELAY_PASSWORD"}
STARTTLS = ("STARTTLS", "PIPELINING", "AUTH PLAIN")


def server_side(certificate: Path = CERTIFICATE) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def test_starttls_is_never_given_up() -> None:
    """Somebody on the way can take the word out of what the relay announces."""
    with Relay() as relay, channel(relay.port, security="starttls", **ACCOUNT) as smtp:
        reason = "the relay offers no STARTTLS, and `security: starttls` goes nowhere without it"
        assert send(smtp, letter()) == [Retry(timedelta(seconds=30), None, reason, "relay")]
        assert relay.commands == ["EHLO"]


def test_a_login_that_the_relay_does_not_offer_is_not_skipped() -> None:
    with Relay() as relay, channel(relay.port, **ACCOUNT) as smtp:
        reason = "the relay offers no login that we know, and `user` is to log in"
        assert send(smtp, letter()) == [Retry(timedelta(seconds=30), None, reason, "relay")]
        assert relay.commands == ["EHLO"]


def test_what_was_announced_before_tls_counts_for_nothing() -> None:
    with Relay(extensions=STARTTLS, tls=server_side()) as relay:
        with channel(relay.port, tls=TRUSTED, security="starttls", **ACCOUNT) as smtp:
            assert send(smtp, *letters(20)) == [Done("250 2.0.0 kept")] * 20
        assert relay.commands[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]


def test_what_is_said_in_the_clear_behind_starttls_is_not_heard() -> None:
    injected = "220 go ahead\n250 2.1.0 fine\n550 5.1.1 no such user"
    with (
        Relay(extensions=STARTTLS, tls=server_side(), STARTTLS=[injected]) as relay,
        channel(relay.port, tls=TRUSTED, security="starttls") as smtp,
    ):
        assert send(smtp, letter(1), letter(2)) == [Done("250 2.0.0 kept")] * 2


def test_starttls_that_is_refused_or_leads_nowhere() -> None:
    for order in ({"STARTTLS": ["454 4.7.0 not now"]}, {"STARTTLS": ["220 go ahead"]}):
        with (
            Relay(extensions=STARTTLS, **order) as relay,
            channel(relay.port, SOON, TRUSTED, security="starttls", **ACCOUNT) as smtp,
        ):
            (outcome,) = send(smtp, letter())
            assert isinstance(outcome, Retry)
            assert outcome.scope == "relay"
            assert relay.commands[:2] == ["EHLO", "STARTTLS"]
            assert not {"AUTH", "MAIL"} & set(relay.commands)


def certificate(path: Path, name: str, days: int) -> Path:
    """One that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.now(UTC) + timedelta(days=days)  # noqa: TID251  (the clock that checks it is the machine's)
    signed = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(end - timedelta(days=9))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize(
    ("name", "days", "trusted", "reason"),
    [
        ("localhost", 1, False, "self-signed certificate"),
        ("localhost", -1, True, "certificate has expired"),
        ("other.example", 1, True, "Hostname mismatch, certificate is not valid for 'localhost'."),
    ],
)
def test_a_certificate_that_is_not_to_be_trusted_ends_it(
    tmp_path: Path, security: str, name: str, days: int, trusted: bool, reason: str
) -> None:
    path = certificate(tmp_path / "relay.pem", name, days)
    tls = ssl.create_default_context(cafile=str(path) if trusted else None)
    with (
        secure_relay(security, server_side(path)) as (port, box),
        channel(port, None, tls, security=security, **ACCOUNT) as smtp,
    ):
        told = f"the certificate of localhost is not to be trusted: {reason}"
        assert send(smtp, letter()) == [Retry(timedelta(seconds=30), None, told, "relay")]
        assert box.contents == []


class _Box:
    """The receiving side of an independent server, over TLS and with a login."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        assert session.ssl is not None or server.transport.get_extra_info("sslcontext")
        self.contents.append(envelope.content)
        return "250 kept"


def _login(server: SMTP, session: Any, envelope: Any, mechanism: str, proof: Any) -> AuthResult:
    right = isinstance(proof, LoginPassword) and proof == LoginPassword(b"shop", b"correct horse")
    return AuthResult(success=right, handled=False)


@contextmanager
def secure_relay(security: str, context: ssl.SSLContext) -> Iterator[tuple[int, _Box]]:
    box = _Box()
    tls = {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    login = {"authenticator": _login, "auth_required": True, "auth_require_tls": security != "tls"}
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="localhost", port=port, **tls, **login)
    controller.start()
    try:
        yield port, box
    finally:
        controller.stop()


pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_tls_and_login(security: str) -> None:
    with secure_relay(security, server_side()) as (port, box):
        with channel(port, None, TRUSTED, security=security, connections=2, **ACCOUNT) as smtp:
            assert [type(outcome) for outcome in send(smtp, *letters(6))] == [Done] * 6
            assert [type(outcome) for outcome in send(smtp, *letters(6))] == [Done] * 6
        assert box.contents == [letter().content] * 12


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_wrong_password_stops_the_relay_and_keeps_the_letters(security: str) -> None:
    with (
        secure_relay(security, server_side()) as (port, box),
        channel(port, None, TRUSTED, security=security, **(ACCOUNT | {"user": "thief"})) as smtp,
    ):
        (outcome,) = set(send(smtp, letter()))
        assert isinstance(outcome, Retry)
        assert (outcome.scope, outcome.code, outcome.after) == ("relay", 535, timedelta(minutes=5))
        assert "correct horse" not in repr(outcome)
        assert box.contents == []
