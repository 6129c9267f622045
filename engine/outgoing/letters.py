"""Letters: what leaves by each channel, written from a message's text and the facts of its run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from engine.channels import Letter, Sign, unsigned
from engine.outgoing.marks import feedback_id, leave_address, sender_of
from engine.render import (
    CannotWrite,
    Content,
    Job,
    MailHeaders,
    Presses,
    Refused,
    Template,
    shared_presses,
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
class Later:
    """A message that cannot be written now, for no reason of its own; it waits."""

    reason: str


@dataclass(frozen=True)
class Composed:
    """A letter ready to go, and the language it is in."""

    letter: Letter
    language: str | None
    kept: bool = False  # as it was first written, for an attempt before this one


@dataclass(frozen=True)
class Sheet:
    """One message about to be written: its row of the outbox, its text and whom it goes to."""

    row: Row
    template: Template | None
    language: str
    context: Context
    address: str | None
    zone: ZoneInfo


@dataclass(frozen=True)
class Draft:
    """A message that is being written, and what makes a letter of the words."""

    job: Job
    letter: Callable[[bytes], Letter]


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

    def __call__(self, sheets: Sequence[Sheet]) -> Iterator[Composed | Failure | Later]:
        """The letters, or why there is none, in their order: each when it is asked for, and all begun from now on."""
        drafts: list[Draft | Composed | Failure] = []

        def jobs() -> Iterator[Job]:
            for sheet in sheets:
                drafts.append(self._drafted(sheet))
                if isinstance(draft := drafts[-1], Draft):
                    yield draft.job

        written = self._presses.write(jobs())  # takes them all
        return self._finished(sheets, drafts, written)

    def _finished(
        self, sheets: Sequence[Sheet], drafts: Sequence[Draft | Composed | Failure], written: Iterator[object]
    ) -> Iterator[Composed | Failure | Later]:
        late: Later | None = None
        for sheet, draft in zip(sheets, drafts, strict=True):
            if not isinstance(draft, Draft):
                yield draft
                continue
            try:
                yield late or _letter(sheet, draft, next(written))
            except CannotWrite as fault:
                late = Later(str(fault))
                yield late

    def _drafted(self, sheet: Sheet) -> Draft | Composed | Failure:
        channel = sheet.row["channel"]
        write = _WRITES.get(channel)
        if write is None:
            return Failure("no channel of the settings has words in this message")
        if channel != "webhook" and sheet.template is None:
            return Failure(f"the text of `{sheet.row['message']}` cannot be read")
        if sheet.address is None:
            return Failure(f"no valid {channel} address")
        try:
            draft = write(self, sheet, sheet.address)
        except ValueError as fault:
            return Failure(f"{sheet.row['message']}/{sheet.language}: {fault}")
        return Failure(f"no way to send {channel}") if draft is None else draft

    def mail(self, sheet: Sheet, address: str) -> Draft | None:
        """A mail, with the way to leave where it is marketing."""
        email = self.settings.channels.email
        if email is None or sheet.template is None:
            return None
        row, key = sheet.row, message_key(sheet.row)
        url = self._unsubscribe_url(row)
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
        sender = sender_of(email, self.secrets, row, address)

        def letter(mail: bytes) -> Letter:
            return Letter(key, sender, address, self.sign(mail, row["planned_at"]))

        return Draft(self.job(sheet.template, "email", sheet.context, sheet.language, sheet.zone, url, headers), letter)

    def words(self, sheet: Sheet, address: str) -> Draft | None:
        """A text message or a chat message."""
        if sheet.template is None:
            return None
        channel, key = sheet.row["channel"], message_key(sheet.row)
        sms = self.settings.channels.sms
        leaving = None
        if channel == "sms" and sheet.row["purpose"] == "marketing" and sms is not None:
            leaving = sms.leaving(self.settings.language_chain(sheet.language))

        def letter(words: bytes) -> Letter:
            text = words.decode()
            return Letter.of_text(channel, key, address, f"{text}\n{leaving}" if leaving else text)

        return Draft(self.job(sheet.template, channel, sheet.context, sheet.language, sheet.zone), letter)

    def job(
        self,
        template: Template,
        channel: str,
        context: Context,
        language: str,
        zone: ZoneInfo,
        *mail: Any,
    ) -> Job:
        """What is handed over to be written: nothing of it is a secret. Of a mail also its way to leave, and its head."""
        said = {**_read(template, context), "brand": self._brand(language)}
        return Job(template, channel, said, language, zone, self.settings.currency, *mail)

    def _brand(self, language: str) -> dict[str, str | None]:
        """What texts in a language may say of the shop."""
        brand = self.settings.brand
        return {"name": self.settings.brand_in(language), "address": brand.address, "website": brand.website}

    def look(self, job: Job) -> Content | str | Failure:
        """What a message says, without sending it: the parts of a mail, or the words of another channel."""
        try:
            done = self._presses.one(job)
        except CannotWrite as fault:
            return Failure(str(fault))
        if isinstance(done, Refused):
            return Failure(done.reason)
        return done.decode() if isinstance(done, bytes) else done

    @property
    def _presses(self) -> Presses:
        return shared_presses(self.settings.delivery.render_processes)

    def facts(self, sheet: Sheet, address: str) -> Composed:
        """What a webhook is told: only what was written down when it was planned, so that each repetition is the same."""
        row, key = sheet.row, message_key(sheet.row)
        at = row["planned_at"].astimezone(UTC).isoformat().replace("+00:00", "Z")
        told = {"type": f"{row['playbook']}/{row['step']}", "id": key, "occurred_at": at, **(row["fields"] or {})}
        return Composed(Letter.of_facts(key, address, told), None)

    def _unsubscribe_url(self, row: Row) -> str | None:
        if row["purpose"] != "marketing":
            return None
        token = unsubscribe_token(self.secrets, row["customer_id"], row["channel"], row["topic"], row["id"])
        return self.settings.web.leaving(token)


def _read(template: Template, context: Context) -> dict[str, Mapping[str, Any]]:
    """What the texts read of a context: nothing else goes over."""
    return {
        word: context[word]
        if fields is None
        else {name: context[word][name] for name in fields if name in context[word]}
        for word, fields in template.reads.items()
        if word in context
    }


def _letter(sheet: Sheet, draft: Draft, written: object) -> Composed | Failure:
    """What came back, as a letter."""
    if isinstance(written, Refused):
        return Failure(written.reason)
    try:
        if not isinstance(written, bytes):
            raise ValueError("these are no words")
        return Composed(draft.letter(written), sheet.language)
    except ValueError as fault:
        return Failure(f"{sheet.row['message']}/{sheet.language}: {fault}")


_WRITES: Mapping[str, Callable[[Writer, Sheet, str], Draft | Composed | None]] = {
    "email": Writer.mail,
    "sms": Writer.words,
    "chat": Writer.words,
    "webhook": Writer.facts,
}
