"""What a mail that came back reports: a bounce, a delay, a complaint, somebody who leaves, or nothing that we know."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from engine.bounces.meaning import code_in, is_passing, meaning
from engine.bounces.parts import Fields, Part, decoded, fields_of, first, head_and_body, parts_of, with_plain_lines
from engine.channels.replies import said
from engine.render import Token, tokens_in

#: dead | full | refused: it did not arrive, and why. delayed, delivered: as the words are. complained: it was called spam.
#: left: its reader asks to leave. ignored: none of that, and `said` tells why.
Kind = Literal["dead", "full", "refused", "delayed", "delivered", "complained", "left", "ignored"]

#: More of a mail is not read; our own mails are far smaller, and so are reports of them.
LARGEST = 1 << 20
_HOPS = 30

_DELIVERY = frozenset({"message/delivery-status", "message/global-delivery-status"})
_FEEDBACK = "message/feedback-report"
_RETURNED = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/rfc822-headers"}
)
_COMPLAINTS = frozenset({"abuse", "fraud", "other"})
_LEAVING = frozenset({"opt-out", "opt-out-list"})
#: Where mail servers write down whom a mail was for.
_OUTSIDE = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-rcpt-to", "to", "cc", "resent-to")
_ROBOTS = re.compile(r"mailer-daemon|postmaster|mail[ _-]?delivery", re.IGNORECASE)
_DELAYED = re.compile(r"\bdelay|\bwarning\b|延迟", re.IGNORECASE)
_FAILED = re.compile(
    r"fail|undeliver|return|reject|refus|bounce|not delivered|unable|退信|退回|无法|失败", re.IGNORECASE
)
#: Where the copy of our own mail begins, whose words say nothing of an address.
_COPY = re.compile(
    r"^(?:Return-Path|Received|DKIM-Signature|Message-ID):|copy of (?:the|your) (?:message|original)|"
    r"original message|below this line|headers follow|原邮件|原始邮件",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK = re.compile(rb"\n[ \t]*\n")
_MOST_BLOCKS = 20


@dataclass(frozen=True)
class Report:
    """What a mail says; nothing of it is to be believed before its token holds."""

    kind: Kind
    said: str  # one line for people
    status: str | None = None  # `5.1.1`
    token: Token | None = None  # the message that it is about


def read_report(mail: bytes, base: str, envelope: str = "") -> Report:
    """Reads a mail to `base` or to a form of it. `envelope` is whom it was for, where the mail server told."""
    if len(mail) > LARGEST:
        return Report("ignored", "it is too large for a report")
    mail = with_plain_lines(mail)
    fields = fields_of(head_and_body(mail)[0])
    if len(fields.get("received", ())) > _HOPS:
        return Report("ignored", "it went round in a circle")
    parts = list(parts_of(mail))
    outside = _tokens(" ".join([envelope, *(one for name in _OUTSIDE for one in fields.get(name, ()))]), base)
    report = _feedback(parts) or _delivery(parts) or _plain(fields, parts, outside)
    if report.kind == "ignored":
        return report
    if any(token.purpose == "leave" for token in outside) and report.kind not in ("complained", "left"):
        return Report("ignored", "it came to the address for leaving", report.status)
    found = [*outside] or _tokens(" ".join(_inside(parts)), base)
    if len(found) != 1:
        why = "it names several of our messages" if found else "no address of ours stands in it"
        return Report("ignored", why, report.status)
    return replace(report, token=found[0])


def _tokens(text: str, base: str) -> Sequence[Token]:
    """The messages that a text names, each once: by the return address, or else by the one for leaving."""
    found = sorted(tokens_in(text, base), key=lambda token: token.purpose != "leave")
    return list({(token.message, token.recipient): token for token in found}.values())


def _inside(parts: Sequence[Part]) -> Iterator[str]:
    """Where what was returned tells from whom it came."""
    for part in parts:
        if part.kind in _RETURNED:
            fields = fields_of(head_and_body(part.content.lstrip(b"\n"))[0])
            for name in ("return-path", "x-original-mail-from", "list-unsubscribe"):
                yield from fields.get(name, ())
        elif part.kind == _FEEDBACK:
            yield first(fields_of(part.content), "original-mail-from")


# --- Complaints (RFC 5965) --------------------------------------------------------------------------------------------


def _feedback(parts: Sequence[Part]) -> Report | None:
    for part in parts:
        if part.kind == _FEEDBACK:
            fields = fields_of(part.content.strip(b"\n"))
            kind = first(fields, "feedback-type").lower()
            by = said(first(fields, "user-agent") or first(fields, "source-ip"))
            if kind in _COMPLAINTS:
                return Report("complained", said(f"reported as spam ({kind}) {by}"))
            if kind in _LEAVING:
                return Report("left", said(f"a report of {kind} {by}"))
            return Report("ignored", said(f"a report of `{kind}`" if kind else "a report that does not say of what"))
        if part.kind in _RETURNED and b"\nX-HmXmrOriginalRecipient:" in b"\n" + part.content[:50_000]:
            return Report("complained", "reported as spam (Outlook)")
    return None


# --- Bounces (RFC 3464) -----------------------------------------------------------------------------------------------

_ORDER = ("failed", "delayed", "relayed", "delivered", "expanded")


def _delivery(parts: Sequence[Part]) -> Report | None:
    status_parts = [part for part in parts if part.kind in _DELIVERY]
    if not status_parts:
        return None
    blocks = [fields_of(one) for part in status_parts for one in _BLANK.split(part.content.strip(b"\n"), _MOST_BLOCKS)]
    told = [block for block in blocks if first(block, "action")]
    worst = min(told, key=lambda block: _rank(first(block, "action").lower()), default=None)
    if worst is None:
        return Report("ignored", "a report of delivery that says nothing of any recipient")
    action = first(worst, "action").lower().split(" ")[0].strip(";,.")
    reply = said(first(worst, "diagnostic-code").partition(";")[2] or first(worst, "diagnostic-code"))
    status = code_in(first(worst, "status")) or code_in(reply)
    if action in ("relayed", "delivered"):
        return Report("delivered", reply or action)
    if action == "delayed":
        return Report("delayed", reply or "delayed", status)
    if action != "failed":
        return Report("ignored", f"a report of `{said(action)}`")
    why = reply or said(first(worst, "remote-mta")) or "not delivered"
    if status is None:
        status = "4.0.0" if is_passing(reply) else "5.0.0"
    # A delay that lasted too long: it did not arrive, and nothing is known of the address.
    return Report("refused" if status.startswith("4") else meaning(status, reply), why, status)


def _rank(action: str) -> int:
    return next((number for number, one in enumerate(_ORDER) if action.startswith(one)), len(_ORDER))


# --- Everything else --------------------------------------------------------------------------------------------------


def _plain(fields: Fields, parts: Sequence[Part], outside: Sequence[Token]) -> Report:
    """A mail that is no report by its form: a bounce in a form of its own, a mail that asks to leave, or neither."""
    text = "\n".join(part.text for part in parts if part.kind.startswith("text/"))
    subject = decoded(first(fields, "subject"))
    if _is_by_a_robot(fields, text):
        copy = _COPY.search(text)
        return _bounce(subject, text[: copy.start()] if copy else text, certain="x-failed-recipients" in fields)
    automatic = first(fields, "auto-submitted").lower().strip()
    if automatic.startswith("auto-replied") or "x-autoreply" in fields or "x-autorespond" in fields:
        return Report("ignored", said(f"an answer by a machine: {subject}"))
    if any(token.purpose == "leave" for token in outside):
        return Report("left", "a mail to the address for leaving")
    if automatic not in ("", "no") or first(fields, "precedence").lower() in ("bulk", "junk", "auto_reply", "list"):
        return Report("ignored", said(f"an answer by a machine: {subject}"))
    return Report("ignored", said(f"no report: {subject}"))


def _is_by_a_robot(fields: Fields, text: str) -> bool:
    """Whether a mail server wrote it. Some say of bounces that they are answers of a machine, so that is asked later."""
    if "x-failed-recipients" in fields or text.lstrip().startswith("Hi. This is the"):
        return True
    return _ROBOTS.search(decoded(first(fields, "from"))) is not None


def _bounce(subject: str, text: str, *, certain: bool) -> Report:
    code, passing = code_in(text), is_passing(text)
    if code is None and passing is None and _DELAYED.search(subject):
        return Report("delayed", said(subject))
    reply = said(_line_with(code, text) or subject)
    if (code is not None and code.startswith("4")) or (code is None and passing):
        return Report("delayed", reply, code or "4.0.0")
    if code is None and passing is None and not certain and not _FAILED.search(f"{subject} {text}"):
        return Report("ignored", said(f"no report: {subject}"))
    status = code or "5.0.0"
    return Report(meaning(status, text), reply, status)


def _line_with(code: str | None, text: str) -> str:
    return next((line for line in text.splitlines() if code in line), "") if code is not None else ""
