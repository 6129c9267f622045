"""What a channel is: it pulls letters, asks at the gate before a content leaves, and tells what became of each."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

Scope = Literal["message", "relay"]
#: What a final refusal was about: a dead address, a full mailbox, who we are, or what the letter says.
Cause = Literal["address", "mailbox", "policy", "content"]


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
    cause: Cause | None = None  # None where the other side did not say


@dataclass(frozen=True)
class Uncertain:
    """Handed over, and no answer: taken or not, nobody knows."""

    reply: str


Outcome = Done | Retry | Failed | Uncertain


class Gate(Protocol):
    """The engine's side of a door: asked before the content of a letter leaves, told what became of it."""

    def may_go(self, letters: Sequence[Letter]) -> Collection[str]:
        """The last look: commits that the letters that may go are being sent, and returns their keys.

        One transaction, together with every outcome told so far. The engine settles the others: nothing is to be told of
        them. Asked from the thread that called `send`; for all letters at once that are ready at that moment.
        """

    def tell(self, letter: Letter, outcome: Outcome) -> None:
        """What became of a letter; recorded with the next commit, at the latest when `send` returns."""


class Channel(Protocol):
    """A door to the world. Nothing of a letter's content leaves before the gate has said that it may go."""

    def send(self, letters: Iterable[Letter], gate: Gate) -> None:
        """Sends what it can. Letters are pulled one by one as there is room for them, since each may still be in the making.

        Every letter that was pulled is told of exactly once, unless `may_go` refused it. A letter that was not pulled
        when this returns (the door is shut) stays planned.
        """

    def close(self) -> None:
        """Lets everything go."""
