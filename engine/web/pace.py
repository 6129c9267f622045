"""How often a stranger may ask: buckets by address of the net and one for all, in memory, of a bounded number."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from math import ceil

from starlette.types import Scope

#: What an address may ask at once, and what flows back in a second. A mail provider asks for many people from few
#: addresses, so that is much; a link that is not ours counts for many, so that nobody tries them through.
BURST, FLOW = 600.0, 20.0
BURST_OF_ALL, FLOW_OF_ALL = 3000.0, 500.0
WRONG = 20.0
_MOST_ADDRESSES = 20_000


@dataclass
class Bucket:
    """What is left of a burst."""

    size: float
    flow: float
    left: float
    since: datetime

    def wait(self, cost: float, now: datetime) -> int:
        """Takes the cost, or says how many seconds to wait until it is there."""
        passed = max(0.0, (now - self.since).total_seconds())
        self.left, self.since = min(self.size, self.left + passed * self.flow), now
        if self.left < cost:
            return max(1, ceil((cost - self.left) / self.flow))
        self.left -= cost
        return 0

    def charge(self, cost: float) -> None:
        """Takes more for what was let in already."""
        self.left = max(self.left - cost, -self.size)


@dataclass
class Pace:
    """The buckets of one site."""

    now: Callable[[], datetime]
    burst: float = BURST
    burst_of_all: float = BURST_OF_ALL
    _all: Bucket | None = None
    _of: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)

    def wait(self, address: str) -> int:
        """Lets a request in with 0, or says how many seconds it has to wait."""
        now = self.now()
        self._all = self._all or Bucket(self.burst_of_all, FLOW_OF_ALL, self.burst_of_all, now)
        return self._bucket(address).wait(1.0, now) or self._all.wait(1.0, now)

    def wrong(self, address: str) -> None:
        """A request that was let in came with a link that is not ours."""
        self._bucket(address).charge(WRONG - 1.0)

    def _bucket(self, address: str) -> Bucket:
        key = _network(address)
        found = self._of.get(key)
        if found is None:
            found = self._of[key] = Bucket(self.burst, FLOW, self.burst, self.now())
            if len(self._of) > _MOST_ADDRESSES:
                self._of.popitem(last=False)
        self._of.move_to_end(key)
        return found


def _network(address: str) -> str:
    """One house on the net: an address of IPv4, or the 64 bits that a house has of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    mapped = getattr(parsed, "ipv4_mapped", None)
    if mapped is not None or parsed.version == 4:
        return str(mapped or parsed)
    return parsed.exploded[:19]


def asker(scope: Scope) -> str | None:
    """The address of the net that a request comes from, as far as it is known."""
    client = scope.get("client")
    return client[0] if client else None
