"""E-mail addresses: exactly one addr-spec, in the form in which it goes over the wire."""

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

_LONGEST = 254  # RFC 5321, 4.5.3.1.3: a path has at most 256 octets, two of them are the angle brackets
# Most addresses by far, and of them no rule has more to say; `email-validator` takes thirty times as long.
_PLAIN = re.compile(
    r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?!(?:arpa|invalid|local|localhost|onion|test)\Z)[a-z]{2,}"
)
_LONGEST_PLAIN = 63  # so that no part of it can be too long either
_MAILBOX = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def parse_address(text: str) -> str:
    """One address, without a display name; its domain in the ASCII form.

    Raises `ValueError` with a sentence for people. RFC 5322 calls this an addr-spec; a list, a comment, a
    quoted local part or a second `@` is refused, since one stored address must never become two recipients.
    """
    if len(text) <= _LONGEST_PLAIN and _PLAIN.fullmatch(text):
        return text
    if _CONTROL.search(text):
        raise ValueError("an address cannot contain line breaks or control characters")
    bare = text.strip()
    if not bare:
        raise ValueError("the address is empty")
    if len(bare) > _LONGEST:
        raise ValueError(f"an address has at most {_LONGEST} characters")
    if bare.count("@") != 1 or re.search(r"[\s,;<>\"]", bare):
        raise ValueError(f"`{bare}` is not one address; write for example  mei@example.com")
    try:
        found = validate_email(bare, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        raise ValueError(f"`{bare}` is not an address: {_sentence(error)}") from None
    return str(found.ascii_email)


def parse_mailbox(text: str) -> tuple[str, str]:
    """Name and address of `Fine Shop <hello@shop.example>`; the name is empty where only an address stands.

    Raises `ValueError` with a sentence for people.
    """
    found = _MAILBOX.fullmatch(text.strip())
    if not found:
        return "", parse_address(text)
    name = found["name"].strip()
    if _CONTROL.search(name):
        raise ValueError("a name cannot contain line breaks or control characters")
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name, parse_address(found["address"])


def parse_by(channel: str, text: str, prefix: str | None = None) -> str:
    """Where messages of a channel go, written so; `prefix` as in `parse_phone`.

    Raises `ValueError` with a sentence for people.
    """
    if channel == "email":
        return parse_address(text)
    if channel == "sms":
        return parse_phone(text, prefix)
    if not (found := text.strip()):
        raise ValueError("the address is empty")
    return found


def bare_number(text: str) -> str:
    """A telephone number as an import keeps it: without spaces and signs, its country as it was written."""
    return re.sub(r"[^+\d]", "", text)


def fold_address(text: str) -> str:
    """The form under which an address is looked up in suppression lists: NFC, without case."""
    return unicodedata.normalize("NFC", text.strip()).lower()


def _sentence(error: EmailNotValidError) -> str:
    said = str(error).rstrip(".")
    return said[:1].lower() + said[1:]


_DIALLED = re.compile(r"\+?[0-9](?:[\s().\-/\u2010-\u2015\u2212]*[0-9])*")
# What is dialled before a number within its own country; it falls away behind the prefix. Everywhere else it is 0.
_TRUNKS = {"+7": "8", "+1": "1", "+39": ""}
_SHORTEST_NUMBER, _LONGEST_NUMBER = 8, 15  # E.164
_LONGEST_AT_HOME = 10  # of the numbers that begin like their own country's prefix


def parse_phone(text: str, prefix: str | None = None) -> str:
    """A telephone number as E.164 writes it: `+` and 8 to 15 digits; spaces, dashes and brackets are folded.

    `prefix` is the country's (`+49`), for numbers that are written as people dial them at home; without it they are
    refused, since a number of the wrong country is a stranger's. Raises `ValueError` with a sentence for people.
    """
    written = unicodedata.normalize("NFKC", text).strip().removeprefix("tel:")
    # `+44 (0)20 …`: the zero is for those who dial from within.
    written = re.sub(r"^(\+[0-9\s]+)\(0\)", r"\1", written.lstrip("( "))
    if not _DIALLED.fullmatch(written):
        raise ValueError(f"`{text.strip()}` is not a phone number; write for example  +49 30 1234567")
    digits = re.sub(r"\D", "", written)
    if written.startswith("+"):
        number = digits
    elif digits.startswith("00"):
        number = digits[2:]
    elif prefix is None:
        raise ValueError(f"`{text.strip()}` does not say its country; write for example  +49 30 1234567")
    elif digits.startswith(prefix[1:]) and len(digits) > _LONGEST_AT_HOME:
        number = digits  # the country is there, only its `+` is not
    else:
        number = prefix[1:] + digits.removeprefix(_TRUNKS.get(prefix, "0"))
    if not _SHORTEST_NUMBER <= len(number) <= _LONGEST_NUMBER or number.startswith("0"):
        raise ValueError(
            f"`{text.strip()}` is not a phone number: a country and a number have {_SHORTEST_NUMBER} to"
            f" {_LONGEST_NUMBER} digits"
        )
    return f"+{number}"
