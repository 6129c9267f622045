"""The parts of a mail that anybody may have written: read in linear time, within limits, and never refused.

The standard library's reader takes time by the square of the length of one header (20 KB of semicolons: a second), and
goes as deep as a mail is nested; here a megabyte of anything is read in milliseconds.
"""

import re
from binascii import Error, a2b_base64, a2b_qp
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header

_LARGEST_HEAD = 128_000
_LONGEST_FIELD = 4_000
_DEEPEST, _MOST = 4, 24
_FIELD = re.compile(r"([!-9;-~]{1,100})[ \t]*:")
_TYPE = re.compile(r"\s*([a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60})", re.IGNORECASE)
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)

#: Fields by their names in small letters, each with its values in their order.
Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Part:
    """One part of a mail; a mail within the mail is a part too, and is not looked into."""

    kind: str  # `text/plain`, in small letters
    fields: Fields
    content: bytes

    @property
    def text(self) -> str:
        """The content as text; a wrong charset spoils letters, but no codes and no addresses."""
        return self.content.decode("utf-8", "replace").replace("\0", "")


def first(fields: Fields, name: str) -> str:
    """The first value of a field, or nothing."""
    return next(iter(fields.get(name, ())), "")


def decoded(text: str) -> str:
    """A field with encoded words in it, as people read it; as it stands where that cannot be."""
    try:
        return str(make_header(decode_header(text[:_LONGEST_FIELD])))
    except (ValueError, LookupError, Error, MessageError):
        return text


def fields_of(head: bytes) -> Fields:
    """The fields of a head, or of one block of a report; what is too long is cut, and what is no field left out."""
    lines = head[:_LARGEST_HEAD].decode("utf-8", "replace").replace("\0", "").split("\n")
    found: dict[str, list[str]] = {}
    here: list[str] | None = None
    for line in lines:
        if line[:1] in (" ", "\t"):
            if here is not None and len(here[-1]) < _LONGEST_FIELD:
                here[-1] += " " + line.strip()[:_LONGEST_FIELD]
            continue
        name = _FIELD.match(line)
        here = found.setdefault(name[1].lower(), []) if name else None
        if name and here is not None:
            here.append(line[name.end() :].strip()[:_LONGEST_FIELD])
    return found


def head_and_body(mail: bytes) -> tuple[bytes, bytes]:
    """Both sides of the first empty line; lines end with LF."""
    if mail.startswith(b"\n"):
        return b"", mail[1:]
    head, _, body = mail.partition(b"\n\n")
    return head, body


def with_plain_lines(mail: bytes) -> bytes:
    """The mail with lines that end with LF, without the line that mailbox files put in front."""
    plain = mail.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return plain.partition(b"\n")[2] if plain.startswith(b"From ") else plain


def parts_of(mail: bytes) -> Iterator[Part]:
    """The parts that are no containers, in their order; what lies too deep, or behind too many others, is left out."""
    waiting, seen = [(mail, 0)], 0
    while waiting and seen < _MOST:
        piece, depth = waiting.pop()
        seen += 1
        head, body = head_and_body(piece)
        fields = fields_of(head)
        written = first(fields, "content-type")
        found = _TYPE.match(written)
        kind = found[1].lower() if found else "text/plain"
        boundary = _BOUNDARY.search(written) if kind.startswith("multipart/") else None
        if boundary is not None and depth < _DEEPEST:
            inner = _split(body, (boundary[1] or boundary[2]).encode())
            waiting += [(one, depth + 1) for one in reversed(inner)]
        else:
            yield Part(kind, fields, _as_it_was(body, first(fields, "content-transfer-encoding").lower()))


def _split(body: bytes, boundary: bytes) -> list[bytes]:
    pieces = (b"\n" + body).split(b"\n--" + boundary, _MOST)[1:]
    whole = []
    for piece in pieces:
        if piece.startswith(b"--"):
            break
        whole.append(piece.partition(b"\n")[2])
    return whole


def _as_it_was(body: bytes, encoding: str) -> bytes:
    try:
        if encoding == "base64":
            return a2b_base64(body).replace(b"\r\n", b"\n")
        if encoding == "quoted-printable":
            return a2b_qp(body).replace(b"\r\n", b"\n")
    except (Error, ValueError):
        pass  # not what it says it is: read as it stands
    return body
