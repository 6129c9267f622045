"""Which addresses lie inside the network: nothing there is ever called unless its host is allowed by name."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

_IPv4 = ipaddress.IPv4Address
_IPv6 = ipaddress.IPv6Address

# What `is_global` of some Python versions takes for the open network.
_INSIDE_4 = tuple(
    ipaddress.IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # behind carriers' NAT; Alibaba's metadata too
        "168.63.129.16/32",  # Azure's metadata, at an address of the open network
        "192.0.0.0/24",  # assigned for protocols; Oracle's metadata
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
    )
)
_OPEN_6 = ipaddress.IPv6Network("2000::/3")
_INSIDE_6 = tuple(ipaddress.IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20"))
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def is_inside(address: str) -> bool:
    """Whether an address belongs to this machine, to its network, or to nobody; what cannot be read does too."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(found, _IPv4):
        return _is_inside_4(found)
    within = _within(found)
    if within is not None:
        return _is_inside_4(within)
    return found not in _OPEN_6 or any(found in net for net in _INSIDE_6) or not found.is_global


def _is_inside_4(address: _IPv4) -> bool:
    return not address.is_global or address.is_multicast or any(address in net for net in _INSIDE_4)


def _within(address: _IPv6) -> _IPv4 | None:
    """The IPv4 address that an IPv6 one leads to."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    return _IPv4(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None


def plain_host(host: str) -> str:
    """A host as it is compared: small letters, and no dot at the end."""
    return host.lower().rstrip(".").strip("[]")


class Allowed:
    """The hosts inside the network that may be called, by the very name under which they are called."""

    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts = frozenset(plain_host(host) for host in hosts)

    def names(self, host: str) -> bool:
        """Whether this host is allowed, wherever it is."""
        return plain_host(host) in self._hosts

    def refusal(self, host: str, addresses: Iterable[str]) -> str | None:
        """Why a host must not be called at these addresses; None where it may be. One inside is enough to refuse all."""
        if self.names(host):
            return None
        inside = next((address for address in addresses if is_inside(address)), None)
        if inside is None:
            return None
        name = plain_host(host)
        where = "" if name == inside else f" ({inside})"
        return f"{name} is inside the network{where}; allow it by name in channels.allow_inside"


def check_url(url: str, allowed: Allowed) -> None:
    """Looks at an address before it is ever called. Raises `ValueError` with what is wrong, and never with the address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("is not the address of a server; write for example  https://provider.example/send") from None
    if any(ord(letter) <= 32 or letter in "\\\x7f" for letter in url):
        raise ValueError("contains blanks, backslashes or control characters")
    if parts.scheme not in ("http", "https"):
        raise ValueError("does not begin with https:// or http://")
    if not host or port == 0:
        raise ValueError("names no server")
    if parts.username is not None or parts.password is not None:
        raise ValueError("carries a login before `@`; a header or a field is the place for it")
    if _is_number(host):
        refusal = allowed.refusal(host, [host])
        if refusal is not None:
            raise ValueError(f"is not called: {refusal}")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
