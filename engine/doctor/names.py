"""Asks DNS, and tells an absent name from a server that did not answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dns import exception, rdatatype, resolver, reversename
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

_SECONDS = 5.0


class Unanswered(Exception):
    """No server answered the question."""


@dataclass(frozen=True)
class Names:
    """Questions to the resolver of this machine, or to a server that is given."""

    servers: Sequence[tuple[str, int]] = ()
    seconds: float = _SECONDS
    _resolver: resolver.Resolver = field(init=False)

    def __post_init__(self) -> None:
        asked = resolver.Resolver(configure=not self.servers)
        asked.lifetime = asked.timeout = self.seconds
        if self.servers:
            asked.nameservers = [host for host, _ in self.servers]
            asked.nameserver_ports = dict(self.servers)
        object.__setattr__(self, "_resolver", asked)

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name; none where it has none. Raises `Unanswered`."""
        found = self._ask(name, "TXT")
        return [b"".join(one.strings).decode("utf-8", "replace") for one in found if isinstance(one, TXT)]

    def exchangers(self, name: str) -> list[str]:
        """The mail servers of a domain, the preferred one first. Raises `Unanswered`."""
        found = [one for one in self._ask(name, "MX") if isinstance(one, MX)]
        return [
            str(one.exchange).rstrip(".") for one in sorted(found, key=lambda one: (one.preference, str(one.exchange)))
        ]

    def addresses(self, name: str) -> list[str]:
        """The addresses of a host. Raises `Unanswered`."""
        return [str(one) for kind in ("A", "AAAA") for one in self._ask(name, kind)]

    def host_of(self, address: str) -> list[str]:
        """The names that an address says it has (PTR). Raises `Unanswered`."""
        return [str(one).rstrip(".") for one in self._ask(str(reversename.from_address(address)), "PTR")]

    def _ask(self, name: str, kind: str) -> list[object]:
        try:
            answer = self._resolver.resolve(name, rdatatype.from_text(kind), search=False)
        except (resolver.NXDOMAIN, resolver.NoAnswer):
            return []
        except (exception.DNSException, OSError, ValueError) as fault:
            raise Unanswered(f"{kind} of {name}: {type(fault).__name__}") from None
        return list(answer)
