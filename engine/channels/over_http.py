"""What the doors over HTTP share: a letter becomes a call, and what comes back becomes an outcome."""

import traceback
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from engine.channels.channel import Done, Failed, Letter, Outcome, Retry, Uncertain
from engine.channels.http import Answer, Call, Http, Silence
from engine.channels.inside import Allowed, check_url
from engine.channels.replies import said
from engine.channels.statuses import of_status, wait_of
from engine.channels.veil import Veil
from engine.channels.waves import Accepted, Waves

_log = structlog.get_logger()


def secret_of(environment: Mapping[str, str], name: str | None, what: str) -> str:
    """The value of an environment variable. Raises `ValueError` where it is not set."""
    value = environment.get(name or "", "").strip()
    if not value:
        raise ValueError(f"the environment variable {name} with {what} is not set")
    return value


def url_of(environment: Mapping[str, str], name: str | None, what: str, allowed: Allowed) -> str:
    """An address out of an environment variable, looked at before it is ever called. Raises `ValueError`."""
    url = secret_of(environment, name, what)
    try:
        check_url(url, allowed)
    except ValueError as fault:
        raise ValueError(f"the address in the environment variable {name} {fault}") from None
    return url


class OverHttp(Waves):
    """A `Channel` whose letters go over HTTP. What `offer` accepts has not left; `hand_over` makes the calls at once."""

    keyed = False  # whether the other side takes the same letter only once
    width = 10

    def __init__(self, http: Http, veil: Veil, clock: Callable[[], datetime]) -> None:
        self._http = http
        self._veil = veil
        self._clock = clock

    def offer(self, letters: Sequence[Letter]) -> list[Accepted | Outcome]:
        """Looks at each letter; nothing is called yet."""
        if len(letters) > self.width:
            raise ValueError(f"{len(letters)} letters are offered, {self.width} calls can be made at once")
        return [self.refuse(letter) or Accepted(letter) for letter in letters]

    def hand_over(self, accepted: Sequence[Accepted]) -> list[Outcome]:
        """Calls for all of them at once."""
        letters = [one.letter for one in accepted]
        answers = self._http.ask([self.call(letter) for letter in letters])
        return [self.outcome(letter, answer) for letter, answer in zip(letters, answers, strict=True)]

    @abstractmethod
    def refuse(self, letter: Letter) -> Failed | Retry | None:
        """Why a letter cannot go, certainly and before anything has left."""

    @abstractmethod
    def call(self, letter: Letter) -> Call:
        """The request that hands a letter over."""

    def read(self, letter: Letter, answer: Answer) -> Outcome:
        """What a reply means; its status, where nothing more is known of who replies."""
        return self.by_status(letter, answer)

    def by_status(self, letter: Letter, answer: Answer) -> Outcome:
        """What the status of a reply means."""
        return of_status(
            answer.status,
            self._told(answer),
            wait_of(answer.headers, self._clock()),
            addressed=self.addressed(letter),
            keyed=self.keyed,
        )

    def addressed(self, _letter: Letter) -> bool:
        """Whether the recipient stands in the URL."""
        return False

    def by_body(self, answer: Answer, found: Outcome) -> Outcome:
        """What the body of a reply says, without secrets, and with the wait that its headers ask for."""
        reply = said(self._veil(found.reply))
        if isinstance(found, Retry):
            return replace(found, reply=reply, after=wait_of(answer.headers, self._clock()))
        return replace(found, reply=reply)

    def _told(self, answer: Answer) -> str:
        return said(self._veil(f"{answer.status} {answer.body[:2000].decode('utf-8', 'replace')}"))

    def outcome(self, letter: Letter, answer: Answer | Silence) -> Outcome:
        """What came of a call."""
        if isinstance(answer, Answer):
            try:
                return self.read(letter, answer)
            except Exception as fault:  # whatever the other side has made of it, the letters beside it have answers too
                return self._unread(letter, answer, fault)
        reason = said(self._veil(answer.reason))
        return Uncertain(reason) if answer.gone else Retry(None, None, reason, "relay")

    def _unread(self, letter: Letter, answer: Answer, fault: Exception) -> Outcome:
        """What the status alone means; a good one is no promise, where nobody could read what stands below it."""
        trace = self._veil("".join(traceback.format_exception(fault)))
        _log.error(
            "a fault of the engine; of one answer its status alone counts",
            message=letter.key,
            status=answer.status,
            exception=trace,  # by hand, since it may repeat the answer, and with it a secret
        )
        told = f"{answer.status}, and an answer that could not be read ({type(fault).__name__})"
        found = of_status(answer.status, told, None, addressed=self.addressed(letter), keyed=self.keyed)
        return Uncertain(told) if isinstance(found, Done) else found
