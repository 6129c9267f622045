"""One line of what the doctor says."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fault"]


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it stands, what was seen, and what to do where it does not stand well."""

    check: str
    level: Level
    seen: str
    advice: str = ""
