"""A mail as bytes, put together directly: CRLF, 7 bits, every header safe (RFC 5322, 2045, 2047, 8058)."""

import re
from base64 import b64encode, encodebytes
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

from engine.addresses import parse_mailbox
from engine.render.template import Content

_WIDTH = 76
_LONGEST_LINE = 998
# `=_` occurs neither in quoted-printable nor in base64 (RFC 2045, 6.7); a text that has it does not travel as it stands
_BOUNDARY = b"=_regulars_alternative"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_URL = re.compile(r"https?://[!-;=?-~]+")
_ADDRESS = re.compile(r"[A-Za-z0-9.+_-]+@[A-Za-z0-9.-]+")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")


@dataclass(frozen=True)
class MailHeaders:
    """Everything in the head of a mail that is not its content. Mailboxes are `Name <address>` or an address."""

    sender: str
    to: str
    message_id: str  # <…@domain>; the same over all attempts
    date: datetime  # aware
    reply_to: str | None = None
    unsubscribe_url: str | None = None
    unsubscribe_mail: str | None = None  # an address beside it; mail to it leaves too
    feedback_id: str | None = None


def build_mail(content: Content, headers: MailHeaders) -> bytes:
    """The bytes of the mail, as SMTP takes them. Raises `ValueError` in a sentence for a header that cannot be."""
    head = [
        _mailbox_line("From", headers.sender),
        _mailbox_line("To", headers.to),
        _subject_line(content.subject),
        _date_line(headers.date, headers.date.utcoffset()),
        b"Message-ID: " + _checked("Message-ID", headers.message_id, _MESSAGE_ID),
    ]
    if headers.reply_to:
        head.append(_mailbox_line("Reply-To", headers.reply_to))
    if headers.unsubscribe_url:
        # One line, neither folded nor encoded however long: receivers read the address by its angle brackets.
        url = _checked("List-Unsubscribe", headers.unsubscribe_url, _URL)
        by_mail = headers.unsubscribe_mail
        beside = b", <mailto:" + _checked("List-Unsubscribe", by_mail, _ADDRESS) + b">" if by_mail else b""
        head.append(b"List-Unsubscribe: <" + url + b">" + beside)
        head.append(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    if headers.feedback_id:
        head.append(b"Feedback-ID: " + _checked("Feedback-ID", headers.feedback_id, re.compile(r"[!-~]+")))
    head.append(b"MIME-Version: 1.0")
    head.append(b'Content-Type: multipart/alternative;\r\n boundary="' + _BOUNDARY + b'"')
    return b"".join(
        (
            b"\r\n".join(head),
            b"\r\n\r\n--" + _BOUNDARY,
            _part(b"plain", content.text),
            b"\r\n--" + _BOUNDARY,
            _part(b"html", content.html),
            b"\r\n--" + _BOUNDARY + b"--\r\n",
        )
    )


def _part(kind: bytes, text: str) -> bytes:
    encoding, body = _transferred(text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text)
    head = b"\r\nContent-Type: text/" + kind + b'; charset="utf-8"\r\nContent-Transfer-Encoding: ' + encoding
    return head + b"\r\n\r\n" + body


def _transferred(text: str) -> tuple[bytes, bytes]:
    """The body as it travels: as it stands where it can (RFC 2045, 2.7), else in the shorter of the two encodings."""
    body = text.encode("utf-8", "replace")
    plain = text.isascii() and "\0" not in text and _BOUNDARY not in body
    if plain and max(map(len, text.split("\n"))) <= _WIDTH:
        return b"7bit", body.replace(b"\n", b"\r\n")
    quoted = b"\r\n".join(map(_quoted_line, body.split(b"\n")))
    if len(quoted) > len(body) * 1.36:
        packed = encodebytes(body.replace(b"\n", b"\r\n")).replace(b"\n", b"\r\n")
        if len(packed) < len(quoted):
            return b"base64", packed
    return b"quoted-printable", quoted


@lru_cache(maxsize=1024)  # most lines of a mail are the layout's, the same in all
def _quoted_line(line: bytes) -> bytes:
    return b2a_qp(line, istext=True).replace(b"\n", b"\r\n")


@lru_cache(maxsize=64)  # the mails of a pass were planned at few moments
def _date_line(date: datetime, _offset: timedelta | None) -> bytes:  # the same instant in two zones is equal
    return b"Date: " + format_datetime(date).encode("ascii")


def _subject_line(subject: str) -> bytes:
    _refuse_control("Subject", subject)
    return _unstructured("Subject", subject)


def _unstructured(name: str, text: str) -> bytes:
    plain = text.isascii() and "=?" not in text
    if plain and len(name) + 2 + len(text) <= _WIDTH:
        return f"{name}: {text}".encode("ascii")
    return f"{name}: ".encode("ascii") + _encoded(text, len(name) + 2)


def _encoded(text: str, used: int) -> bytes:
    """Encoded words (RFC 2047) of whole characters, each on a line of its own after the first."""
    words: list[bytes] = []
    word = b""
    room = (_WIDTH - used - 12) // 4 * 3
    for character in text:
        more = character.encode("utf-8", "replace")
        if len(word) + len(more) > room:
            words.append(word)
            word, room = b"", (_WIDTH - 1 - 12) // 4 * 3
        word += more
    words.append(word)
    return b"\r\n ".join(b"=?utf-8?b?" + b64encode(one) + b"?=" for one in words)


@lru_cache(maxsize=64)
def _sender(name: str, mailbox: str) -> bytes:
    return _mailbox(name, mailbox)


def _mailbox_line(name: str, mailbox: str) -> bytes:
    return _mailbox(name, mailbox) if name == "To" else _sender(name, mailbox)


def _mailbox(name: str, mailbox: str) -> bytes:
    _refuse_control(name, mailbox)
    shown, address = parse_mailbox(mailbox)
    if not shown:
        return f"{name}: {address}".encode("ascii")
    if _ATOMS.fullmatch(shown) and "=?" not in shown and len(shown) <= _WIDTH - 12:
        phrase = shown.encode("ascii")
    elif shown.isascii() and "=?" not in shown and len(shown) <= _WIDTH - 20:
        phrase = b'"' + re.sub(r"([\"\\])", r"\\\1", shown).encode("ascii") + b'"'
    else:
        phrase = _encoded(shown, len(name) + 2)
    line = f"{name}: ".encode("ascii") + phrase
    between = b" " if len(line.rsplit(b"\r\n", 1)[-1]) + len(address) + 3 <= _WIDTH else b"\r\n "
    return line + between + b"<" + address.encode("ascii") + b">"


def _refuse_control(name: str, text: str) -> None:
    if _CONTROL.search(text):
        raise ValueError(f"the header {name} cannot contain line breaks or control characters")


def _checked(name: str, text: str, form: re.Pattern[str]) -> bytes:
    _refuse_control(name, text)
    if not form.fullmatch(text) or len(name) + len(text) + 4 > _LONGEST_LINE:
        raise ValueError(f"the header {name} cannot be `{text[:60]}`")
    return text.encode("ascii")
