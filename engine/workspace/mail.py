"""What belongs to mail in the settings: the address for bounces and its mailbox, and the signature."""

import re

from engine.addresses import parse_address
from engine.channels.dkim import installed
from engine.render import LONGEST_LOCAL
from engine.settings.channels import Email
from engine.settings.mail import Dkim
from engine.source.marks import Path
from engine.workspace.reading import Draft

_AT: Path = ("channels", "email")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]+", re.IGNORECASE)
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?", re.IGNORECASE)


def check_mail(draft: Draft, email: Email) -> None:
    """Notes what does not fit together."""
    for key, needed in (("user", "password"), ("password", "user")):
        if getattr(email, key) is not None and getattr(email, needed) is None:
            place = draft.source.key_place((*_AT, key))
            draft.add(place, "missing-key", f"`{key}` needs `{needed}`", f"add a line:  {needed}: …")
    if email.bounces is not None:
        _check_address(draft, email.bounces.address)
        if email.bounces.maildir is not None and email.bounces.imap is not None:
            place = draft.source.key_place((*_AT, "bounces", "imap"))
            draft.add(place, "two-words", "`maildir` and `imap` cannot both be", "keep one of them")
    if email.dkim is not None:
        _check_signature(draft, email, email.dkim)


def _check_address(draft: Draft, address: str) -> None:
    place = draft.source.place((*_AT, "bounces", "address"))
    try:
        local = parse_address(address).rpartition("@")[0]
    except ValueError as fault:
        draft.add(place, "value", str(fault), "write for example  bounces@mail.shop.example")
        return
    if "+" in local:
        draft.add(place, "value", f"`{address}` has a `+` already", "leave out the `+` and what follows it")
    elif len(local) > LONGEST_LOCAL:
        text = f"`{local}` is too long: what names the message is put behind it"
        draft.add(place, "value", text, f"use at most {LONGEST_LOCAL} characters before the `@`")


def _check_signature(draft: Draft, email: Email, dkim: Dkim) -> None:
    for key, written, form in (("domain", dkim.domain, _DOMAIN), ("selector", dkim.selector, _SELECTOR)):
        if not form.fullmatch(written):
            place = draft.source.place((*_AT, "dkim", key))
            draft.add(place, "value", f"`{written}` is no {key}", f"write for example  {_EXAMPLES[key]}")
    sends = email.address.rpartition("@")[2].lower()
    if sends and _DOMAIN.fullmatch(dkim.domain) and _owner(sends) != _owner(dkim.domain.lower()):
        text = f"the signature of {dkim.domain} does not speak for mails from {sends}: DMARC fails"
        draft.warn(draft.source.place((*_AT, "dkim", "domain")), "other-domain", text, f"write  {sends}")
    if not installed():
        place = draft.source.key_place((*_AT, "dkim"))
        draft.warn(place, "not-installed", "nothing can be signed here", "install it:  pip install 'regulars[dkim]'")


def _owner(domain: str) -> list[str]:
    """What two domains of one owner have in common at least; DMARC asks no more of them."""
    return domain.split(".")[-2:]


_EXAMPLES = {"domain": "shop.example", "selector": "s1"}
