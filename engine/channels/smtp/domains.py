"""How much goes to a domain of recipients: so many connections at once, so many mails a minute, a rest after refusals."""

from collections import Counter
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

from engine.channels.channel import Retry
from engine.channels.replies import said

_BEGINNING = 5  # connections to a domain of which nothing is known yet
_CAP = 20
_BURST = timedelta(seconds=10)  # so much of a rate may be used up at once
_FIRST_REST, _LONGEST_REST = timedelta(minutes=1), timedelta(hours=1)
_MANY = 10_000


class Domain:
    """One domain: its connections grow as it takes letters, and are halved when it asks for less.

    After as many refusals in a row as there are connections, none is left until it has rested.
    """

    def __init__(self, name: str, cap: int) -> None:
        self.name = name
        self.limit = min(_BEGINNING, cap)
        self.rests: datetime | None = None
        self.reason = ""
        self.used_until: datetime | None = None  # so far ahead the rate is used up
        self.last_turn: datetime | None = None  # of those who were told to wait
        self._cap = cap
        self._busy: Counter[Hashable] = Counter()
        self._taken = 0
        self._refused = 0
        self._rested = 0

    def is_unremarkable(self, now: datetime) -> bool:
        """Whether nothing is forgotten with it."""
        metered = any(at is not None and at > now for at in (self.used_until, self.last_turn))
        return not self._busy and self.rests is None and not metered and not self._refused

    def has_room(self, line: Hashable) -> bool:
        """Whether a letter may go over this connection now."""
        return len(self._busy) < self.limit or line in self._busy

    def enter(self, line: Hashable) -> None:
        """A letter is to go over a connection."""
        self._busy[line] += 1

    def leave(self, line: Hashable) -> None:
        """It has gone, or does not go."""
        self._busy[line] -= 1
        if self._busy[line] <= 0:
            del self._busy[line]

    def took(self) -> None:
        """A letter was taken: after as many as there are connections, there may be one more."""
        self._refused = self._rested = 0
        self._taken += 1
        if self._taken >= self.limit and self.limit < self._cap:
            self.limit, self._taken = self.limit + 1, 0

    def answered(self) -> None:
        """A letter was refused for its own sake: the domain is well."""
        self._refused = 0

    def slow(self, now: datetime, reason: object) -> None:
        """The domain asks for less."""
        self.limit, self._taken = max(1, self.limit // 2), 0
        self._rest(now, reason)

    def refused(self, now: datetime, reason: object) -> None:
        """The domain refused a letter for what we are."""
        self._refused += 1
        if self._refused >= self.limit:
            self.limit, self._taken, self._refused = 1, 0, 0
            self._rest(now, reason)

    def _rest(self, now: datetime, reason: object) -> None:
        if self.rests is not None and now < self.rests:
            return  # a letter that was on its way when the rest began
        self.rests = now + min(_FIRST_REST * 2 ** min(self._rested, 10), _LONGEST_REST)
        self._rested += 1
        self.reason = said(reason)


class Domains:
    """The domains of a relay's letters, and the rate that holds for each."""

    def __init__(
        self, clock: Callable[[], datetime], connections: int | None = None, per_minute: int | None = None
    ) -> None:
        self.clock = clock
        self._cap = connections or _CAP
        self._per_minute = per_minute
        self._interval = timedelta(minutes=1) / (per_minute or 1)
        self._known: dict[str, Domain] = {}

    def of(self, address: str) -> Domain:
        """The domain of an address."""
        name = address.rpartition("@")[2].lower()
        found = self._known.get(name)
        if found is None:
            if len(self._known) >= _MANY:
                now = self.clock()
                self._known = {name: one for name, one in self._known.items() if not one.is_unremarkable(now)}
            found = self._known[name] = Domain(name, self._cap)
        return found

    def admit(self, domain: Domain) -> Retry | None:
        """Counts a letter to a domain, or says how long it has to wait."""
        if domain.rests is None and not self._per_minute:
            return None
        now = self.clock()
        if domain.rests is not None:
            if now < domain.rests:
                return Retry(domain.rests - now, None, f"mail to {domain.name} rests: {domain.reason}", "message")
            domain.rests = None
        return self._metered(domain, now) if self._per_minute else None

    def _metered(self, domain: Domain, now: datetime) -> Retry | None:
        used_until = now if domain.used_until is None else max(domain.used_until, now)
        over = used_until + self._interval - max(_BURST, self._interval)
        if over <= now:
            domain.used_until = used_until + self._interval
            return None
        # Those who wait get turns one after the other, so that they do not all come back at the same moment.
        turn = over if domain.last_turn is None else max(over, domain.last_turn + self._interval)
        domain.last_turn = turn
        return Retry(turn - now, None, f"{self._per_minute} mails a minute go to {domain.name}", "message")
