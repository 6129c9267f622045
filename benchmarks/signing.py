"""`python -m benchmarks.signing`: a DKIM signature of ours against dkimpy's and against the bare signature of OpenSSL."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from benchmarks.measure import Comparison, Sample, in_turns, table, timed
from engine.channels.dkim import SIGNED, open_signer
from engine.render import Content, MailHeaders, build_mail

MAILS = 200
_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_PEM = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def measure() -> Iterable[Comparison]:
    """Ours, dkimpy's and the bare one, in turns over the same mails."""
    mails = [_mail(number) for number in range(MAILS)]
    key, small = rsa.generate_private_key(public_exponent=65537, key_size=2048), ed25519.Ed25519PrivateKey.generate()
    ours = open_signer("shop.example", "s1", "KEY", {"KEY": key.private_bytes(*_PEM).decode()})
    ours_small = open_signer("shop.example", "s1", "KEY", {"KEY": small.private_bytes(*_PEM).decode()})
    theirs = partial(_dkimpy, key.private_bytes(*_PEM))
    bare = partial(key.sign, padding=padding.PKCS1v15(), algorithm=hashes.SHA256())
    works: list[Callable[[bytes], object]] = [
        lambda mail: ours(mail, _AT), theirs, lambda _mail: bare(b"x" * 800), lambda mail: ours_small(mail, _AT)
    ]  # fmt: skip
    found = in_turns(*(partial(_each, work, mails) for work in works))
    signed, by_dkimpy, alone, signed_small = found
    size = f"a mail of {len(mails[0]):,} bytes, RSA-2048, relaxed/relaxed"
    return [
        Comparison("sign a mail, against dkimpy", signed, by_dkimpy, 1 / 10, count=1, note=f"{size}; {_told(signed)}"),
        Comparison("sign a mail, against OpenSSL alone", signed, alone, 2, count=1, note=size),
        Comparison("the same with Ed25519, against dkimpy with RSA", signed_small, by_dkimpy, count=1),
    ]


def _told(sample: Sample) -> str:
    return f"{1e6 * sample.median:.0f} µs (aim: 400)"


def _each(work: Callable[[bytes], object], mails: list[bytes]) -> float:
    return timed(lambda: [work(mail) for mail in mails]) / len(mails)


def _dkimpy(pem: bytes, mail: bytes) -> bytes:
    told, forms = list(SIGNED), (b"relaxed", b"relaxed")
    return bytes(dkim.sign(mail, b"s1", b"shop.example", pem, canonicalize=forms, include_headers=told))


def _mail(number: int) -> bytes:
    words = "".join(f"Tea number {line} of the day, for {number}: as green as ever.\n" for line in range(35))
    html = f"<p>{words}</p>"
    return build_mail(
        Content(f"We kept your place, {number}", words, html),
        MailHeaders(
            sender="Fine Shop <hello@shop.example>",
            to=f"c{number}@customers.example",
            message_id=f"<{number}@shop.example>",
            date=_AT,
            unsubscribe_url="https://shop.example/u/" + "x" * 100,
            feedback_id="win-back:hello:offers:shop-example",
        ),
    )


if __name__ == "__main__":
    print(table(measure()))
