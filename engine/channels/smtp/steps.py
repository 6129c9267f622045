"""The steps of a conversation over SMTP, how long is waited for them, and how they end."""

from dataclasses import dataclass
from enum import Enum, auto

from engine.channels.channel import Outcome
from engine.channels.smtp.flight import Flight
from engine.channels.smtp.reading import Reply


class Step(Enum):
    """What a reply is waited for."""

    RSET = auto()
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    CONTENT = auto()
    NOTHING = auto()  # a final dot alone, after DATA for which there is no recipient


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a letter, by the reply that said it."""

    flight: Flight
    outcome: Outcome
    reply: Reply


@dataclass(frozen=True)
class Death:
    """Why a connection is not used any more; the code is the relay's, where it said one."""

    code: int | None
    reason: str


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds: for answers to commands, and for the one to a whole mail; idle connections are kept."""

    answer: float
    final: float
    idle: float = 30.0
