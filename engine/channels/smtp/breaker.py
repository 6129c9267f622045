"""The breaker of a relay: after a fault that holds for every letter, nothing is tried there for a while."""

from collections.abc import Callable
from datetime import datetime, timedelta

from engine.channels.channel import Retry
from engine.channels.replies import is_login, said

_FIRST, _LONGEST = timedelta(seconds=30), timedelta(minutes=5)
#: A login that is refused is mended by a person, and a relay that is asked too often locks the account.
_FIRST_LOGIN, _LONGEST_LOGIN = timedelta(minutes=5), timedelta(hours=1)


class Breaker:
    """Opens after a fault, for longer each time; the first letter after that tries whether the relay is back."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._faults = 0
        self._until: datetime | None = None
        self._code: int | None = None
        self._reason = ""

    def resting(self) -> Retry | None:
        """What holds for every letter now, while the relay is left alone."""
        if self._until is None or (left := self._until - self._clock()) <= timedelta(0):
            return None
        return Retry(left, self._code, self._reason, "relay")

    def fault(self, code: int | None, reason: object) -> Retry:
        """Something that holds for every letter; what is told of them loses none."""
        login = is_login(code)
        first, longest = (_FIRST_LOGIN, _LONGEST_LOGIN) if login else (_FIRST, _LONGEST)
        wait = min(first * 2 ** min(self._faults, 10), longest)
        self._faults += 1
        self._until = self._clock() + wait
        self._code, self._reason = code, _refused(reason) if login else said(reason)
        return Retry(wait, code, self._reason, "relay")

    def fine(self) -> None:
        """The relay has answered for a letter."""
        self._faults, self._until = 0, None


def _refused(reason: object) -> str:
    return said(
        f"the relay refuses the login: {reason}. Nothing is lost; set `user` and `password` of `channels.email` right"
    )
