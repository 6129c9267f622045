"""A gate of the tests, and mail sent through it to a relay that a test ordered."""

import ssl
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.channels import Letter, Outcome
from engine.channels.smtp import Patience, Smtp
from engine.settings.channels import Email

SOON = Patience(answer=0.4, final=0.5)
CONTENT = b"Subject: hi\r\n\r\n.dot\r\n..two\r\nend\r\n"


class Clock:
    """Stands still until it is set on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **length: float) -> None:
        self.now += timedelta(**length)


class Gate:
    """Lets every letter go but those that a test names; keeps what was asked and told, in its order."""

    def __init__(self, refused: Collection[str] = (), at: Callable[[], object] = lambda: None) -> None:
        self.refused = refused
        self.at = at
        self.asked: list[list[str]] = []
        self.told: list[tuple[str, Outcome]] = []

    def may_go(self, letters: Sequence[Letter]) -> Collection[str]:
        self.at()
        self.asked.append([letter.key for letter in letters])
        return {letter.key for letter in letters} - set(self.refused)

    def tell(self, letter: Letter, outcome: Outcome) -> None:
        self.told.append((letter.key, outcome))

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """By letter; each was told of once."""
        assert len(dict(self.told)) == len(self.told)
        return dict(self.told)


@contextmanager
def channel(
    port: int,
    patience: Patience | None = None,
    tls: ssl.SSLContext | None = None,
    clock: Clock | None = None,
    **more: Any,
) -> Iterator[Smtp]:
    email = Email.model_validate({"from": "shop@example.com", "host": "localhost", "port": port, **more})
    smtp = Smtp(email, {"RELAY_PASSWORD": "correct horse"}, clock or Clock(), patience, tls)
    try:
        yield smtp
    finally:
        smtp.close()


def letter(number: int = 1, content: bytes = CONTENT, to: str = "example.com") -> Letter:
    return Letter(f"m{number}", "shop@example.com", f"c{number}@{to}", content)


def letters(count: int) -> list[Letter]:
    return [letter(number) for number in range(1, count + 1)]


def send(smtp: Smtp, *sent: Letter) -> list[Outcome]:
    """The outcome of each letter, in their order."""
    return [
        outcome for _, outcome in sorted(through(smtp, sent).told, key=lambda one: [x.key for x in sent].index(one[0]))
    ]


def through(smtp: Smtp, sent: Iterable[Letter], gate: Gate | None = None) -> Gate:
    """Sends through a gate; nothing is told twice."""
    gate = gate or Gate()
    smtp.send(sent, gate)
    assert len({key for key, _ in gate.told}) == len(gate.told)
    return gate
