"""What a source is told when a request or an event of it is not taken: a status, a sentence, the place, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Refusal(Exception):
    """Nothing of the request, or of that event of a batch, is known to be stored."""

    status: int
    error: str
    advice: str
    place: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The answer as an object of JSON."""
        return {"error": self.error, **self.place, "help": self.advice}


def busy(error: str, advice: str = "send it again in a moment; what was acknowledged is safe") -> Refusal:
    """The engine cannot take it now."""
    return Refusal(503, error, advice, headers={"Retry-After": "5"})
