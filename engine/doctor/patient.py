"""What is looked at: a shop's settings, its store, the environment, and the ways to ask the world."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from engine.channels.http import Http
from engine.channels.inside import Allowed
from engine.clocks.told import told_time
from engine.doctor.names import Names
from engine.settings import Settings


@dataclass
class Patient:
    """One workspace on one store, on this machine."""

    settings: Settings
    store: sa.Engine
    environment: Mapping[str, str] = field(repr=False)
    clock: Callable[[], datetime]
    marketing: bool = True  # whether any playbook sends marketing
    names: Names = field(default_factory=Names)
    tls: ssl.SSLContext | None = None  # what certificates are checked against; those that the machine trusts
    seconds: float = 10.0  # how long a server may take
    send_to: str | None = None  # whom a test mail goes to
    told_time: list[tuple[str, datetime, datetime]] = field(default_factory=list)  # who, what he said, our time then

    def note_time(self, who: str, text: str) -> None:
        """Keeps what time somebody said it is, where he did and named his zone."""
        told = told_time(text)
        if told is not None and told.tzinfo is not None:
            self.told_time.append((who, told, self.clock()))

    def http(self, host: str) -> Http:
        """A way to the shop's own pages, wherever they are."""
        return Http(Allowed([host]), tls=self.tls)
