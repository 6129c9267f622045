"""The sender's domain, as receivers see it: MX, SPF, DKIM, DMARC, and the name of the host that sends (PTR)."""

import socket
from collections.abc import Iterator, Mapping
from typing import Any

from engine.channels.inside import is_inside
from engine.doctor.finding import Finding, Level
from engine.doctor.key import disagreement
from engine.doctor.names import Unanswered
from engine.doctor.patient import Patient
from engine.doctor.spf import Spf, Unusable, all_of
from engine.settings.channels import Email


def sender(patient: Patient) -> Iterator[Finding]:
    """Everything of the sender's domain that DNS says."""
    email = patient.settings.channels.email
    if email is None:
        return
    for check, look in (("mx", _mx), ("spf", _spf), ("dkim", _dkim), ("dmarc", _dmarc), ("ptr", _ptr)):
        try:
            yield from look(patient, email)
        except Unanswered as fault:
            yield Finding(check, "warn", f"DNS does not answer ({fault})", "try again; check this machine's resolver")


def domain_of(address: str) -> str:
    """The domain of an address."""
    return address.rpartition("@")[2].lower()


def _envelope(email: Email) -> str:
    """The domain in MAIL FROM, which SPF is asked of."""
    return domain_of(email.bounces.address if email.bounces is not None else email.address)


def _mx(patient: Patient, email: Email) -> Iterator[Finding]:
    for domain in dict.fromkeys((domain_of(email.reply_to or email.address), _envelope(email))):
        hosts = patient.names.exchangers(domain)
        if hosts:
            yield Finding("mx", "ok", f"mail to {domain} goes to {', '.join(hosts[:3])}")
        elif patient.names.addresses(domain):
            yield Finding(
                "mx", "warn", f"{domain} has no MX; mail goes to its own address", f"publish an MX of {domain}"
            )
        else:
            level: Level = "fault" if domain == _envelope(email) else "warn"
            yield Finding("mx", level, f"no mail can reach {domain}", f"publish an MX of {domain}: bounces come there")


def _spf(patient: Patient, email: Email) -> Iterator[Finding]:
    domain = _envelope(email)
    try:
        record = Spf(patient.names).record(domain)
        if record is None:
            advice = f'publish a TXT of {domain}: "v=spf1 a:{email.host} -all", or what the relay asks for'
            yield Finding("spf", "fault", f"{domain} has no SPF record", advice)
            return
        if "+" in all_of(record):
            yield Finding("spf", "fault", f"{domain} lets everybody send (+all)", "end the record with  -all  or  ~all")
        addresses = [one for one in _relays(patient, email) if not is_inside(one)]
        # Each address by itself: a receiver counts the questions of one mail.
        results = {Spf(patient.names).result(domain, one) for one in addresses[:2] or ["192.0.2.1"]}
    except Unusable as fault:
        yield Finding("spf", "fault", str(fault), "mend the record; receivers take it for none")
        return
    if addresses and results <= {"fail", "softfail", "neutral"}:
        advice = f"add what the relay asks for, or  a:{email.host}"
        yield Finding("spf", "warn", f"the record of {domain} does not name the relay ({addresses[0]})", advice)
    else:
        named = " and names the relay" if addresses else "; whether it names the relay cannot be seen from here"
        yield Finding("spf", "ok", f"{domain} has an SPF record{named}")


def _dkim(patient: Patient, email: Email) -> Iterator[Finding]:
    dkim = email.dkim
    if dkim is None:
        advice = "see that the relay signs with that domain, or write `dkim:` under `channels.email`"
        yield Finding("dkim", "ok", f"the relay has to sign for {domain_of(email.address)}; {advice}")
        return
    name = f"{dkim.selector}._domainkey.{dkim.domain}"
    records = [text for text in patient.names.texts(name) if "p=" in text]
    if len(records) != 1:
        seen = f"{name} has no key" if not records else f"{name} has {len(records)} keys, and may have one"
        yield Finding("dkim", "fault", seen, f"publish the public key of {dkim.key} there, as one TXT")
        return
    wrong = disagreement(dkim.domain, dkim.selector, dkim.key, patient.environment, tags(records[0]))
    if wrong is not None:
        yield Finding("dkim", "fault", f"{name}: {wrong}", f"publish the public key of {dkim.key} there")
    else:
        yield Finding("dkim", "ok", f"the key at {name} is that of {dkim.key}")


def _dmarc(patient: Patient, email: Email) -> Iterator[Finding]:
    domain = domain_of(email.address)
    found = _policy(patient, domain)
    if found is None:
        advice = f'publish a TXT of _dmarc.{domain}: "v=DMARC1; p=none; rua=mailto:…"; Gmail and Yahoo ask for one'
        yield Finding("dmarc", "fault", f"{domain} has no DMARC record", advice)
        return
    where, said = found
    policy = said.get("p", "")
    if policy not in ("none", "quarantine", "reject"):
        yield Finding("dmarc", "fault", f"_dmarc.{where} has no policy", 'begin with  "v=DMARC1; p=none"')
        return
    yield Finding("dmarc", "ok", f"_dmarc.{where} says p={policy}")
    by_dkim = email.dkim is None or aligned(email.dkim.domain.lower(), domain, where, strict=said.get("adkim") == "s")
    by_spf = aligned(_envelope(email), domain, where, strict=said.get("aspf") == "s")
    if by_dkim or by_spf:
        ways = [name for name, holds in (("DKIM", by_dkim and email.dkim is not None), ("SPF", by_spf)) if holds]
        yield Finding("dmarc", "ok", f"aligned with {domain} by {' and '.join(ways) or 'what the relay signs'}")
    else:
        advice = f"sign with a domain that belongs to {domain}, or send from the domain that signs"
        yield Finding(
            "dmarc", "fault", f"neither the signature's domain nor the envelope's belongs to {domain}", advice
        )


def _policy(patient: Patient, domain: str) -> tuple[str, Mapping[str, str]] | None:
    """The record of a domain, or of the nearest one above it."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        name = ".".join(labels[start:])
        found = [text for text in patient.names.texts(f"_dmarc.{name}") if text.upper().startswith("V=DMARC1")]
        if len(found) == 1:
            return name, tags(found[0])
    return None


def aligned(signing: str, shown: str, above: str, *, strict: bool) -> bool:
    """Whether a domain speaks for the one that people see; `above` is where the policy of that one stands."""
    if signing == shown:
        return True
    # Two domains side by side belong together where the policy stands above both, as with one below the other.
    related = shown.endswith(f".{signing}") or f".{signing}".endswith((f".{shown}", f".{above}"))
    return not strict and related and "." in signing


def tags(record: str) -> dict[str, str]:
    """`v=DKIM1; k=rsa; p=…` by its tags."""
    pairs = (one.partition("=") for one in record.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, equals, value in pairs if equals}


def _relays(patient: Patient, email: Email) -> list[str]:
    return [email.host] if _is_number(email.host) else patient.names.addresses(email.host)


def _is_number(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return True
    return False


def _ptr(patient: Patient, email: Email) -> Iterator[Finding]:
    addresses: list[Any] = _relays(patient, email)
    outside = [one for one in addresses if not is_inside(one)]
    if not outside:
        seen = f"{email.host} has an address inside the network; who sends from there to the world cannot be seen from here"
        yield Finding("ptr", "ok", f"{seen}: its public address needs a name (PTR) that leads back to it")
        return
    for address in outside[:2]:
        names = patient.names.host_of(address)
        back = [name for name in names if address in patient.names.addresses(name)]
        if back:
            yield Finding("ptr", "ok", f"{address} is {back[0]}, there and back")
        else:
            seen = (
                f"{address} says it is {names[0]}, which leads elsewhere" if names else f"{address} has no name (PTR)"
            )
            advice = "ask who gave you the address; a relay that only takes mail from you may send from other addresses"
            yield Finding("ptr", "warn", seen, advice)
