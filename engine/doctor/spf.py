"""SPF (RFC 7208): what a domain's record says of an address that sends for it, and whether it costs too many questions."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.doctor.names import Names

#: Questions that a record may cost, with all that it includes; a receiver that needs more takes it for none.
MOST_QUESTIONS: Final = 10
_DEEPEST: Final = 10

_RESULTS: Final = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


class Unusable(Exception):
    """The record is none that a receiver could use; the sentence says why."""


@dataclass
class Spf:
    """One look at a domain; `questions` counts those that RFC 7208 counts."""

    names: Names
    questions: int = 0

    def record(self, domain: str) -> str | None:
        """The record of a domain; None where it has none. Raises `Unusable` where it has several, and `Unanswered`."""
        found = [text for text in self.names.texts(domain) if text.lower().split(" ")[0] == "v=spf1"]
        if len(found) > 1:
            raise Unusable(f"{domain} has {len(found)} SPF records, and may have one")
        return found[0] if found else None

    def result(self, domain: str, address: str, depth: int = 0) -> str:
        """`pass`, `fail`, `softfail`, `neutral` or `none` for mail from an address. Raises `Unusable` and `Unanswered`."""
        record = self.record(domain)
        if record is None:
            return "none"
        if depth > _DEEPEST:
            raise Unusable(f"the SPF record of {domain} includes itself")
        redirect = None
        for term in record.split()[1:]:
            name, is_modifier, value = term.partition("=")
            if is_modifier and ":" not in name:
                redirect = value if name.lower() == "redirect" else redirect
            elif self._matches(term.lstrip("+-~?"), domain, address, depth):
                return _RESULTS.get(term[0], "pass")
        if redirect is None:
            return "neutral"
        self._count()
        return self.result(redirect, address, depth + 1)

    def _matches(self, mechanism: str, domain: str, address: str, depth: int) -> bool:
        kind, _, value = mechanism.partition(":")
        kind, slash, length = kind.partition("/")
        bits = f"{slash}{length}" or ("/" + value.partition("/")[2] if "/" in value else "")
        target = value.partition("/")[0] or domain
        match kind.lower():
            case "all":
                return True
            case "ip4" | "ip6":
                return _within(address, value)
            case "include":
                self._count()
                return self.result(value, address, depth + 1) == "pass"
            case "a" | "mx":
                self._count()
                hosts = [target] if kind.lower() == "a" else self.names.exchangers(target)[:10]
                return any(_within(address, f"{one}{bits}") for host in hosts for one in self.names.addresses(host))
            case "exists" | "ptr":
                self._count()
                return False  # depends on macros and on the mail itself
            case _:
                raise Unusable(f"the SPF record of {domain} has `{mechanism}`, which no receiver knows")

    def _count(self) -> None:
        self.questions += 1
        if self.questions > MOST_QUESTIONS:
            raise Unusable(f"the SPF record costs more than {MOST_QUESTIONS} questions, and receivers take it for none")


def _within(address: str, net: str) -> bool:
    try:
        known, range_ = ipaddress.ip_address(address), ipaddress.ip_network(net.partition("//")[0], strict=False)
    except ValueError:
        return False
    return known.version == range_.version and known in range_


def all_of(record: str) -> Iterator[str]:
    """The signs of `all` in a record: `+all` lets everybody send."""
    for term in record.split()[1:]:
        if term.lstrip("+-~?").lower() == "all":
            yield term[0] if term[0] in _RESULTS else "+"
