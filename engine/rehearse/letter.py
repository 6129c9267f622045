"""A message as its reader sees it: subject and text, for what a test says of them."""

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property


@dataclass(frozen=True)
class Text:
    """Plain text, and of a mail its subject."""

    subject: str
    body: str

    @cached_property
    def _searched(self) -> str:
        return _flat(f"{self.subject}\n{self.body}")

    def says(self, words: str) -> bool:
        """Whether it says that; line breaks and kinds of spaces do not count."""
        return _flat(words) in self._searched


def _flat(text: str) -> str:
    return " ".join(text.split())


def read_text(channel: str, content: bytes) -> Text:
    """What was said: the text of a mail, or the whole of a message that has no subject."""
    return _read_mail(content) if channel == "email" else Text("", content.decode())


def _read_mail(content: bytes) -> Text:
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    return Text(str(mail["Subject"]), str(body.get_content()) if body is not None else "")
