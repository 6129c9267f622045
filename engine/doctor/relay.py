"""The relay: whether it answers, encrypts as it must, and knows the login. Nothing is sent unless it is asked for."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as CRLF
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from engine.channels.dkim import open_signer
from engine.channels.inside import is_inside
from engine.doctor.finding import Finding
from engine.doctor.patient import Patient
from engine.settings.channels import Email

_SOON: Final = timedelta(days=14)
_FAULTS: Final = (SMTPException, OSError, EOFError, asyncio.TimeoutError, ValueError)
_CERTIFICATE: Final = "renew the relay's certificate, or name the relay as the certificate does; mail waits until then"


def relay(patient: Patient) -> Iterator[Finding]:
    """A conversation with the relay up to where a mail would begin, and one mail where it is asked for."""
    email = patient.settings.channels.email
    if email is not None:
        yield from asyncio.run(_conversation(patient, email))


async def _conversation(patient: Patient, email: Email) -> list[Finding]:
    found: list[Finding] = []
    where = f"{email.host}:{email.port}"
    client = SMTP(
        hostname=email.host, port=email.port, timeout=patient.seconds,
        use_tls=email.security == "tls", start_tls=False, tls_context=_context(patient),
    )  # fmt: skip
    try:
        async with asyncio.timeout(4 * patient.seconds):
            greeting = (await client.connect()).message
            patient.note_time("the relay's clock", greeting.rpartition(";")[2])  # some relays say what time it is
            await client.ehlo()
            found.append(Finding("relay", "ok", f"{where} answers"))
            if await _encrypted(patient, email, client, found):
                await _known(patient, email, client, found)
                await _sent(patient, email, client, found)
            await client.quit()
    except _FAULTS as fault:
        found.append(_fault(where, fault))
    finally:
        client.close()
    return found


def _context(patient: Patient) -> ssl.SSLContext:
    return patient.tls if patient.tls is not None else ssl.create_default_context()


async def _encrypted(patient: Patient, email: Email, client: SMTP, found: list[Finding]) -> bool:
    """Whether the conversation may go on as the settings ask."""
    offered = client.supports_extension("starttls")
    if email.security == "none":
        found.append(_in_the_clear(client, offered=offered))
        return found[-1].level == "ok"
    if email.security == "starttls":
        if not offered:
            advice = "ask who runs the relay: nothing is sent without it"
            found.append(Finding("relay", "fault", "the relay does not offer STARTTLS", advice))
            return False
        await client.starttls(tls_context=_context(patient))
        await client.ehlo()
    found.append(_lasting(client.get_transport_info("peercert"), patient.clock()))
    return True


def _in_the_clear(client: SMTP, *, offered: bool) -> Finding:
    peer = client.get_transport_info("peername")
    if peer and is_inside(str(peer[0])):
        return Finding("relay", "ok", "the relay is on this machine or beside it, and mails go there in the clear")
    advice = "write `security: starttls`" if offered else "take a relay that encrypts"
    return Finding("relay", "fault", "mails and the password go to the relay in the clear", advice)


def _lasting(certificate: dict[str, object] | None, now: datetime) -> Finding:
    if not certificate:
        return Finding("relay", "warn", "the relay showed no certificate", "ask who runs the relay")
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    seen = f"the connection is encrypted; the certificate is valid for {(ends - now).days} more days"
    return Finding("relay", "warn", seen, "renew it") if ends - now < _SOON else Finding("relay", "ok", seen)


async def _known(patient: Patient, email: Email, client: SMTP, found: list[Finding]) -> None:
    password = patient.environment.get(email.password or "", "")
    if not email.user or not password:
        return
    if not client.supports_extension("auth"):
        advice = "leave out `user` and `password`, or ask who runs the relay"
        found.append(Finding("relay", "fault", "the relay knows no logins", advice))
        return
    try:
        await client.login(email.user, password)
    except SMTPAuthenticationError as fault:
        advice = f"check `user`, and the variable {email.password}"
        found.append(Finding("relay", "fault", f"the relay refuses the login ({fault.code})", advice))
    else:
        found.append(Finding("relay", "ok", "the relay knows the login"))


async def _sent(patient: Patient, email: Email, client: SMTP, found: list[Finding]) -> None:
    if patient.send_to is None or any(one.level == "fault" for one in found):
        return
    mail = EmailMessage(policy=CRLF)
    mail["From"], mail["To"], mail["Subject"] = email.sender, patient.send_to, "A mail of the doctor"
    mail["Date"] = patient.clock()
    mail["Message-ID"] = f"<doctor.{patient.clock():%Y%m%d%H%M%S}@{email.address.rpartition('@')[2]}>"
    mail.set_content(
        "Look at its headers: Authentication-Results says what your receiver thinks of SPF, DKIM, DMARC.\n"
    )
    content = mail.as_bytes()
    if email.dkim is not None:
        try:
            signer = open_signer(email.dkim.domain, email.dkim.selector, email.dkim.key, patient.environment)
        except ValueError as fault:
            found.append(Finding("relay", "fault", f"nothing can be signed: {fault}", f"look at {email.dkim.key}"))
            return
        content = signer(content, patient.clock())
    try:
        await client.sendmail(email.address, [patient.send_to], content)
    except SMTPRecipientsRefused as fault:
        seen = f"the relay refuses {patient.send_to} ({fault.recipients[0].code})"
        found.append(
            Finding("relay", "fault", seen, "check that address, and whether the relay sends on for this machine")
        )
        return
    advice = "look there at Authentication-Results"
    found.append(Finding("relay", "ok", f"a mail went to {patient.send_to}", advice))


def _fault(where: str, fault: BaseException) -> Finding:
    chain: BaseException | None = fault
    while chain is not None:
        if isinstance(chain, ssl.SSLCertVerificationError):
            return Finding(
                "relay", "fault", f"{where}: the certificate is not valid: {chain.verify_message}", _CERTIFICATE
            )
        chain = chain.__cause__ or chain.__context__
    if isinstance(fault, SMTPResponseException):
        return Finding("relay", "fault", f"{where} says {fault.code}", "ask who runs the relay")
    said = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
    return Finding("relay", "fault", f"{where} does not answer: {said}", "check `channels.email`: host and port")
