"""A letter on its way over SMTP: whom it is from and to, and its content as it goes over the wire (RFC 5321, 4.5.2)."""

from dataclasses import dataclass

from engine.addresses import parse_address
from engine.channels.channel import Failed, Letter
from engine.channels.smtp.domains import Domain

_LONGEST_LINE = 998


@dataclass(frozen=True)
class Features:
    """What a relay announced after EHLO, as far as it matters here."""

    pipelining: bool = False
    eight_bit: bool = False
    sizes: bool = False
    largest: int = 0  # in bytes; 0 where no limit was named


@dataclass(eq=False, slots=True)
class Flight:
    """A letter, and how far it has come."""

    letter: Letter
    sender: str
    recipient: str
    stuffed: bytes  # the content, its dots doubled, with the final dot
    seven_bit: bool
    domain: Domain
    again: bool = False  # it was begun on a connection that broke before its content
    cleared: bool = False  # the gate has let it go: it is on record as being sent
    settled: bool = False

    def misfit(self, features: Features) -> Failed | None:
        """Why this relay cannot take it, by its own announcement."""
        size = len(self.letter.content)
        if features.largest and size > features.largest:
            reason = f"the mail has {size:,} bytes, and the relay takes {features.largest:,} at most"
            return Failed(552, reason, suppress=False, cause="content")
        if not self.seven_bit and not features.eight_bit:
            reason = "the mail is not in 7 bits, and the relay does not announce 8BITMIME"
            return Failed(554, reason, suppress=False, cause="content")
        return None

    def mail(self, features: Features) -> bytes:
        """The command MAIL for this relay."""
        size = f" SIZE={len(self.letter.content)}" if features.sizes else ""
        body = "" if self.seven_bit else " BODY=8BITMIME"
        return f"MAIL FROM:<{self.sender}>{size}{body}\r\n".encode("ascii")

    def rcpt(self) -> bytes:
        """The command RCPT."""
        return f"RCPT TO:<{self.recipient}>\r\n".encode("ascii")


def envelope_of(letter: Letter) -> tuple[str, str]:
    """Sender and recipient as they may be said to a relay.

    Checked here again, whoever checked before: an address with a line break would become a command. Raises `ValueError`.
    """
    return parse_address(letter.sender), parse_address(letter.recipient)


def stuffed(content: bytes) -> bytes:
    """A content as it goes over the wire: its dots doubled, and the final one behind it.

    Raises `ValueError` for what others would read differently: behind a bare CR or LF, a final dot and a second mail can hide.
    """
    if not content.endswith(b"\n"):
        raise ValueError("the mail does not end with a line break")
    # Counted and leapt over rather than split into lines: this is done for every mail, where there is only one of us.
    if not content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n"):
        raise ValueError("the mail has a line break that is not CRLF")
    if b"\0" in content:
        raise ValueError("the mail has a NUL")
    if _has_long_lines(content):
        longest = max(map(len, content.split(b"\r\n")))
        raise ValueError(f"the mail has a line of {longest:,} bytes; {_LONGEST_LINE} are the most")
    if content.startswith(b".") or b"\n." in content:
        content = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in content.split(b"\r\n"))
    return content + b".\r\n"


def _has_long_lines(content: bytes) -> bool:
    """Of a content that ends with a line break; each leap goes to the last line break that a short line may have."""
    at, leap = 0, _LONGEST_LINE + len(b"\r\n")
    while at < len(content):
        at = content.rfind(b"\n", at, at + leap) + 1
        if not at:
            return True
    return False
