"""A mail as its reader sees it: subject and text, for what a test says of them."""

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property


@dataclass(frozen=True)
class Text:
    """Subject and plain text of a mail."""

    subject: str
    body: str

    @cached_property
    def _searched(self) -> str:
        return _flat(f"{self.subject}\n{self.body}")

    def says(self, words: str) -> bool:
        """Whether the mail says that; line breaks and kinds of spaces do not count."""
        return _flat(words) in self._searched


def _flat(text: str) -> str:
    return " ".join(text.split())


def read_letter(content: bytes) -> Text:
    """The text of a mail's bytes."""
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    return Text(str(mail["Subject"]), str(body.get_content()) if body is not None else "")
