"""Letters: what leaves by each channel, written from a message's text and the facts of its run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from engine.channels import Letter, Sign, unsigned
from engine.outgoing.marks import feedback_id, leave_address, sender_of
from engine.render import (
    Content,
    MailHeaders,
    Template,
    Unrenderable,
    build_mail,
    render,
    render_plain,
    unsubscribe_token,
)
from engine.settings import Settings

Row = Mapping[str, Any]
Context = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Failure:
    """A message that cannot be written for its customer, and why."""

    reason: str


@dataclass(frozen=True)
class Composed:
    """A letter ready to go, and the language it is in."""

    letter: Letter
    language: str | None


@dataclass(frozen=True)
class Sheet:
    """One message about to be written: its row of the outbox, its text and whom it goes to."""

    row: Row
    template: Template | None
    language: str
    context: Context
    address: str | None
    zone: ZoneInfo


def message_key(row: Row) -> str:
    """The message's key for the world, the same over all attempts: made of the run, the step, the iteration and the try."""
    text = f"{row['enrolment_id']}/{row['playbook']}/{row['customer_id']}/{row['step']}/{row['iteration']}"
    if row["rank"]:
        text += f"/{row['rank']}"
    return sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Writer:
    """Writes the letters of one shop. `secrets` sign the unsubscribe links, the last one is the present one."""

    settings: Settings
    secrets: Sequence[str]
    sign: Sign = unsigned

    def __call__(self, sheet: Sheet) -> Composed | Failure:
        """The letter, or why there is none."""
        channel = sheet.row["channel"]
        write = _WRITES.get(channel)
        if write is None:
            return Failure("no channel of the settings has words in this message")
        if channel != "webhook" and sheet.template is None:
            return Failure(f"the text of `{sheet.row['message']}` cannot be read")
        if sheet.address is None:
            return Failure(f"no valid {channel} address")
        try:
            letter = write(self, sheet, sheet.address)
        except Unrenderable as fault:
            return Failure(str(fault))
        except ValueError as fault:
            return Failure(f"{sheet.row['message']}/{sheet.language}: {fault}")
        if letter is None:
            return Failure(f"no way to send {channel}")
        return Composed(letter, sheet.language if channel != "webhook" else None)

    def mail(self, sheet: Sheet, address: str) -> Letter | None:
        """A mail, with the way to leave where it is marketing."""
        email = self.settings.channels.email
        if email is None or sheet.template is None:
            return None
        row, key = sheet.row, message_key(sheet.row)
        url = self._unsubscribe_url(row)
        content = self.content(sheet.template, sheet.context, sheet.language, sheet.zone, url)
        headers = MailHeaders(
            sender=email.sender,
            to=address,
            message_id=f"<{key}@{email.address.rpartition('@')[2]}>",
            date=row["planned_at"],
            reply_to=email.reply_to,
            unsubscribe_url=url,
            unsubscribe_mail=leave_address(email, self.secrets, row, address) if url else None,
            feedback_id=feedback_id(email, row),
        )
        mail = self.sign(build_mail(content, headers), row["planned_at"])
        return Letter(key, sender_of(email, self.secrets, row, address), address, mail)

    def content(
        self, template: Template, context: Context, language: str, zone: ZoneInfo, unsubscribe_url: str | None
    ) -> Content:
        """What a mail says."""
        return render(template, context, language, zone, self.settings.currency, unsubscribe_url=unsubscribe_url)

    def words(self, sheet: Sheet, address: str) -> Letter | None:
        """A text message or a chat message."""
        if sheet.template is None:
            return None
        channel = sheet.row["channel"]
        text = self.plain(sheet.template, channel, sheet.context, sheet.language, sheet.zone)
        sms = self.settings.channels.sms
        if channel == "sms" and sheet.row["purpose"] == "marketing" and sms is not None:
            leaving = sms.leaving(self.settings.language_chain(sheet.language))
            text = f"{text}\n{leaving}" if leaving else text
        return Letter.of_text(channel, message_key(sheet.row), address, text)

    def plain(self, template: Template, channel: str, context: Context, language: str, zone: ZoneInfo) -> str:
        """What a text message or a chat message says, before the words by which it can be left."""
        return render_plain(template, channel, context, language, zone, self.settings.currency)

    def facts(self, sheet: Sheet, address: str) -> Letter:
        """What a webhook is told: only what was written down when it was planned, so that each repetition is the same."""
        row, key = sheet.row, message_key(sheet.row)
        at = row["planned_at"].astimezone(UTC).isoformat().replace("+00:00", "Z")
        told = {"type": f"{row['playbook']}/{row['step']}", "id": key, "occurred_at": at, **(row["fields"] or {})}
        return Letter.of_facts(key, address, told)

    def _unsubscribe_url(self, row: Row) -> str | None:
        if row["purpose"] != "marketing":
            return None
        token = unsubscribe_token(self.secrets, row["customer_id"], row["channel"], row["topic"], row["id"])
        return self.settings.web.leaving(token)


_WRITES: Mapping[str, Callable[[Writer, Sheet, str], Letter | None]] = {
    "email": Writer.mail,
    "sms": Writer.words,
    "chat": Writer.words,
    "webhook": Writer.facts,
}
