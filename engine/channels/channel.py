"""What a channel is: letters are offered, the engine commits that it sends, then the contents are handed over."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

Scope = Literal["message", "relay"]


@dataclass(frozen=True)
class Letter:
    """Something on its way: who receives it, and the bytes.

    | channel | sender        | recipient                   | content                        |
    |---------|---------------|-----------------------------|--------------------------------|
    | email   | bare address  | bare address                | the mail (RFC 5322)            |
    | sms     |               | number (E.164)              | text in UTF-8                  |
    | chat    |               | address within the service  | text in UTF-8                  |
    | webhook |               | name of the webhook         | facts as canonical JSON        |
    """

    key: str  # the message's; it never changes over attempts
    sender: str
    recipient: str
    content: bytes
    channel: str = "email"

    @classmethod
    def of_text(cls, channel: str, key: str, recipient: str, text: str) -> "Letter":
        """A text message or a chat message."""
        return cls(key, "", recipient, text.encode("utf-8", "replace"), channel)

    @classmethod
    def of_facts(cls, key: str, name: str, facts: Mapping[str, object]) -> "Letter":
        """What a webhook is told: the same facts are the same bytes, and so the same signature."""
        written = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return cls(key, "", name, written.encode(), "webhook")

    @property
    def text(self) -> str:
        """The content of a text message or a chat message."""
        return self.content.decode()


@dataclass(frozen=True)
class Done:
    """The other side has taken the letter over."""

    reply: str


@dataclass(frozen=True)
class Retry:
    """Certainly not taken; it may be later. `relay`: nothing else would get through now either."""

    after: timedelta | None  # not before; None leaves it to the engine
    code: int | None
    reply: str
    scope: Scope


@dataclass(frozen=True)
class Failed:
    """Certainly not taken, now or later. `suppress`: the address itself is dead."""

    code: int | None
    reply: str
    suppress: bool


@dataclass(frozen=True)
class Uncertain:
    """Handed over, and no answer: taken or not, nobody knows."""

    reply: str


Outcome = Done | Retry | Failed | Uncertain


@dataclass(frozen=True, eq=False)
class Accepted:
    """An offered letter that the other side is ready to take."""

    letter: Letter


class Channel(Protocol):
    """A door to the world, in two phases, so that `sending` can be committed between them.

    What `offer` answers is certain: nothing of the content has left. Accepted letters that are not handed over
    before the next offer are let go, and certainly not sent.
    """

    @property
    def width(self) -> int:
        """How many letters can be offered at once."""

    def offer(self, letters: Sequence[Letter]) -> list[Accepted | Outcome]:
        """Asks whether the letters, at most `width`, would be taken; one answer for each, in their order."""

    def hand_over(self, accepted: Sequence[Accepted]) -> list[Outcome]:
        """Sends the contents of letters of the last offer; one outcome for each, in their order."""

    def close(self) -> None:
        """Lets everything go."""
