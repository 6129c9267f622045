"""Signatures: dkimpy, which is not ours, verifies every mail that we sign, and none in which a byte was changed."""

import subprocess
import sys
from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from dkim.canonicalization import CanonicalizationPolicy
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels.dkim import Signer, open_signer, unsigned
from engine.channels.doors import open_doors
from engine.render import Content, MailHeaders, build_mail
from engine.settings.channels import Channels

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()


def pem(key: Any) -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return str(key.private_bytes(*form).decode())


def published(key: Any) -> bytes:
    """The key's record, as a domain publishes it."""
    if isinstance(key, rsa.RSAPrivateKey):
        raw = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return b"v=DKIM1; k=rsa; p=" + b64encode(raw)
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return b"v=DKIM1; k=ed25519; p=" + b64encode(raw)


def signer(key: Any = RSA) -> Signer:
    return open_signer("shop.example", "s1", "DKIM_KEY", {"DKIM_KEY": pem(key)})


def verified(mail: bytes, key: Any = RSA) -> bool:
    def record(name: bytes, **_: Any) -> bytes:
        assert name == b"s1._domainkey.shop.example."
        return published(key)

    return bool(dkim.verify(mail, dnsfunc=record, minkey=1024))


def a_mail(subject: str = "Hello", text: str = "Hello.\n", html: str = "<p>Hello.</p>\n", **more: Any) -> bytes:
    fixed = {"sender": "Fine Shop <hello@shop.example>", "to": "mei@example.com", "message_id": "<1@shop.example>"}
    return build_mail(Content(subject, text, html), MailHeaders(**{**fixed, "date": AT, **more}))


FULL: dict[str, Any] = {
    "reply_to": "desk@shop.example",
    "unsubscribe_url": "https://shop.example/u/" + "x" * 120,
    "unsubscribe_mail": "bounces+u-" + "a" * 32 + "@mail.shop.example",
    "feedback_id": "win-back:hello:offers:shop-example",
}


def test_a_mail_is_signed_with_all_that_receivers_read() -> None:
    mail = signer()(a_mail(**FULL), AT)
    assert verified(mail)
    told = str(message_from_bytes(mail)["DKIM-Signature"]).replace("\r\n", "").replace(" ", "").replace("\t", "")
    tags = dict(part.split("=", 1) for part in told.split(";"))
    assert tags["h"].split(":") == [
        *("from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type"),
        *("list-unsubscribe", "list-unsubscribe-post", "feedback-id", "from"),
    ]
    assert (tags["a"], tags["c"], tags["d"], tags["s"]) == ("rsa-sha256", "relaxed/relaxed", "shop.example", "s1")
    assert tags["t"] == str(int(AT.timestamp()))
    assert not {"l", "x", "z"} & set(tags)
    assert max(map(len, mail.partition(b"List-Unsubscribe:")[0].split(b"\r\n"))) <= 78


def test_the_same_mail_is_signed_alike_so_that_an_attempt_can_be_repeated() -> None:
    assert signer()(a_mail(), AT) == signer()(a_mail(), AT)


def test_nothing_of_a_mail_changes_but_that_it_is_signed() -> None:
    mail = a_mail(**FULL)
    assert signer()(mail, AT).endswith(b"\r\n" + mail)
    assert unsigned(mail, AT) == mail


def test_ed25519_signs_the_hash_of_what_an_rsa_key_would_sign() -> None:
    """dkimpy verifies these only with PyNaCl; so its canonical forms are taken, and the key verifies by itself."""
    mail = signer(ED25519)(a_mail(**FULL), AT)
    head = mail.partition(b"\r\n\r\n")[0]
    signature = head.partition(b"\r\nFrom:")[0]
    unfolded = signature.replace(b"\r\n", b"").replace(b" ", b"")
    made = b64decode(unfolded.rpartition(b";b=")[2])
    policy = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    fields = [(name, value) for name, value in dkim.rfc822_parse(mail)[0] if name.lower() != b"dkim-signature"]
    names = unfolded.partition(b"h=")[2].partition(b";")[0].split(b":")[:-1]
    value = signature.partition(b":")[2].rpartition(b"b=")[0] + b"b="
    wanted = [next(field for field in fields if field[0].lower() == name) for name in names]
    told = policy.canonicalize_headers([*wanted, (b"DKIM-Signature", value)])
    whole = b"".join(name + b":" + text for name, text in told).removesuffix(b"\r\n")
    ED25519.public_key().verify(made, dkim.hashlib.sha256(whole).digest())
    assert b"a=ed25519-sha256" in signature


_SPACE = st.sampled_from([b" ", b"  ", b"\t", b" \t ", b"\r\n ", b"\r\n\t "])
_WORD = st.binary(min_size=1, max_size=12).map(lambda raw: bytes(33 + one % 94 for one in raw))
_VALUE = st.lists(st.one_of(_WORD, _SPACE), max_size=12).map(lambda parts: b"x" + b"".join(parts) + b"x")
_NAMES = (b"To", b"Subject", b"DATE", b"Message-ID", b"reply-to", b"X-Other", b"List-Unsubscribe", b"Feedback-ID")
_BODY = st.lists(st.one_of(_WORD, st.sampled_from([b" ", b"\t", b"  \t", b"\r\n", b"\r\n\r\n", b"x" * 990]))).map(
    b"".join
)


@settings(max_examples=120, deadline=None)
@given(fields=st.lists(st.tuples(st.sampled_from(_NAMES), _VALUE), max_size=12), body=_BODY)
def test_every_form_of_head_and_body_is_verified(fields: list[tuple[bytes, bytes]], body: bytes) -> None:
    head = b"".join(name + b": " + value + b"\r\n" for name, value in [(b"From", b"a@shop.example"), *fields])
    ended = b"" if body.endswith(b"\r\n") or not body else b"\r\n"  # as SMTP ends every mail
    assert verified(signer()(head + b"\r\n" + body + ended, AT))


@settings(max_examples=60, deadline=None)
@given(subject=st.text(max_size=200).filter(lambda text: text.isprintable()), text=st.text(max_size=400))
def test_every_mail_of_ours_is_verified(subject: str, text: str) -> None:
    assert verified(signer()(a_mail(subject, text, f"<p>{text}</p>", **FULL), AT))


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_byte_that_was_changed_breaks_the_signature(at: int, bit: int) -> None:
    mail = signer()(a_mail("Hello", "Hello.\n", **FULL), AT)
    start = mail.index(b"\r\nFrom:") + 2
    place = start + at % (len(mail) - start)
    changed = mail[:place] + bytes([mail[place] ^ (1 << bit)]) + mail[place + 1 :]
    if _same(changed, mail):
        return  # a letter of a field's name, or a space for a tab: the same to who reads it
    with suppress(dkim.DKIMException):  # it is no mail any more
        assert not verified(changed)


def _same(one: bytes, other: bytes) -> bool:
    policy = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")

    def form(mail: bytes) -> object:
        try:
            fields, body = dkim.rfc822_parse(mail)
        except dkim.DKIMException:
            return None
        return policy.canonicalize_headers(fields), policy.canonicalize_body(body)

    return form(one) == form(other)


def test_a_second_sender_that_was_put_in_breaks_the_signature() -> None:
    mail = signer()(a_mail(), AT)
    assert not verified(b"From: Thief <thief@evil.example>\r\n" + mail)


@pytest.mark.parametrize("form", ["itself", "its file"])
def test_the_key_stands_in_a_variable_or_in_a_file_that_it_names(tmp_path: Path, form: str) -> None:
    (tmp_path / "key.pem").write_text(pem(RSA), encoding="utf-8")
    given = pem(RSA) if form == "itself" else str(tmp_path / "key.pem")
    assert verified(open_signer("shop.example", "s1", "KEY", {"KEY": given})(a_mail(), AT))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "the environment variable KEY with the DKIM key is not set"),
        ({"KEY": "/nowhere/key.pem"}, "named by KEY, cannot be read: No such file or directory"),
        ({"KEY": "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"}, "openssl genrsa"),
    ],
)
def test_a_key_that_is_missing_is_told_in_a_sentence(environment: dict[str, str], said: str) -> None:
    email = {"from": "hello@shop.example", "dkim": {"domain": "shop.example", "selector": "s1", "key": "KEY"}}
    with pytest.raises(ValueError, match=said):
        open_doors(Channels.model_validate({"email": email}), environment, lambda: AT)


def test_without_the_extra_it_is_said_how_to_get_it() -> None:
    script = (
        "import sys\n"
        "sys.modules['cryptography'] = None\n"
        "from engine.channels.dkim import open_signer\n"
        "try:\n    open_signer('d', 's', 'KEY', {'KEY': '-----BEGIN'})\nexcept ValueError as fault:\n    print(fault)\n"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "DKIM needs cryptography, which is not installed:  pip install 'regulars[dkim]'\n"
