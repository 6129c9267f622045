"""Addresses of people who were erased: a keyed hash of each, by which it is known again and cannot be read."""

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from engine.addresses import fold_address, parse_phone
from engine.store.customers import suppressions
from engine.store.faults import StoreError
from engine.store.many import among

#: How a sealed address begins in the list of suppressions; no address of any channel looks like it.
PREFIX = "erased:"

#: Stands in the place of a channel with the sealed id of a customer.
CUSTOMER = "customer"

_SEAL = re.compile(rf"{PREFIX}[0-9a-f]{{8}}:[0-9a-f]{{64}}")
_PURPOSE = b"regulars.erased-addresses.1"
_OPTION = "sealing_keys"

_AFTER = PREFIX[:-1] + chr(ord(PREFIX[-1]) + 1)
#: The channels are named because the key of the table begins with them.
_SEALED = (
    suppressions.c.channel.in_(("chat", CUSTOMER, "email", "sms")),
    suppressions.c.address >= PREFIX,
    suppressions.c.address < _AFTER,
)

#: A channel and an address there.
Address = tuple[str, str]


@dataclass(frozen=True)
class SealingKey:
    """What seals addresses: made of a secret, for this purpose alone."""

    name: str  # tells which secret sealed an address, and nothing else of it
    _key: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: str) -> "SealingKey":
        """The key that a secret gives."""
        key = hmac.digest(secret.encode(), _PURPOSE, "sha256")
        return cls(hmac.digest(key, b"name", "sha256").hex()[:8], key)

    def seal(self, channel: str, address: str) -> str:
        """An address as it is kept: the same for each spelling that `folded` makes the same."""
        digest = hmac.digest(self._key, f"{channel}\0{folded(channel, address)}".encode(), "sha256")
        return f"{PREFIX}{self.name}:{digest.hex()}"


def folded(channel: str, address: str) -> str:
    """The form under which an address is looked up: without case, a number as it is dialled from everywhere."""
    if channel == CUSTOMER:
        return address
    if channel == "sms":
        try:
            return parse_phone(address)
        except ValueError:
            pass  # its country is not known here: as it is written
    return fold_address(address)


def is_sealed(address: str) -> bool:
    """Whether that is an address as an erase leaves it."""
    return _SEAL.fullmatch(address) is not None


def keep_keys(store: sa.Engine, secrets: Sequence[str]) -> None:
    """Tells a store under which secrets addresses were sealed, the present one last; its connections know them then."""
    store.update_execution_options(**{_OPTION: tuple(SealingKey.of(secret) for secret in secrets)})


def keys_of(connection: sa.Connection) -> tuple[SealingKey, ...]:
    """The keys that the store was told of, the present one last."""
    found: tuple[SealingKey, ...] = connection.get_execution_options().get(_OPTION, ())
    return found


def seals(connection: sa.Connection, addresses: Iterable[Address]) -> dict[str, Address]:
    """What those addresses are sealed as under each of the keys."""
    keys = keys_of(connection)
    return {key.seal(*address): address for address in addresses for key in keys}


def erased_among(connection: sa.Connection, addresses: Iterable[Address]) -> set[Address]:
    """Those addresses whose owner was erased."""
    if connection.execute(sa.select(sa.literal(1)).where(*_SEALED).limit(1)).first() is None:
        return set()
    require_keys(connection)
    sealed = seals(connection, addresses)
    mine = among(connection, suppressions.c.address, sealed)
    channels = sorted({channel for channel, _ in sealed.values()})
    found = sa.select(suppressions.c.address).where(suppressions.c.channel.in_(channels), mine)
    return {sealed[seal] for seal in connection.scalars(found)}


def strange_seals(connection: sa.Connection) -> int:
    """How many sealed addresses none of the keys can have made: their owners would not be known again."""
    ours = [sa.not_(suppressions.c.address.startswith(f"{PREFIX}{key.name}:")) for key in keys_of(connection)]
    return connection.scalar(sa.select(sa.func.count()).select_from(suppressions).where(*_SEALED, *ours)) or 0


def require_keys(connection: sa.Connection) -> None:
    """Raises `StoreError` where people were erased who would not be known again."""
    if strange := strange_seals(connection):
        raise StoreError(
            f"{strange} addresses of people who were erased cannot be told from others without the secret of that time",
            "set REGULARS_SECRET to it, or REGULARS_SECRET_OLD where there is a newer one",
        )
