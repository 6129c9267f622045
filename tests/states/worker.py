"""A worker: an engine with a door of its own, that answers what a rule has written down, and stands still where one says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.channels import Done, Failed, Letter, Outcome, Retry, Uncertain
from engine.deploy import deploy
from engine.outgoing.hands import Hands
from engine.shop import Shop
from engine.store.ledger import outbox
from engine.tick import Tick, Ticked
from engine.workspace import Workspace
from tests.shop import SECRETS
from tests.simulation.lived import Lived
from tests.simulation.outside import Outside

#: What a door may answer before a content leaves, and after. `lost`: it arrives, and nobody hears; `silent`: it does not.
BEFORE = ("later", "dead", "shut")
AFTER = ("refused", "no room", "lost", "silent", "shut after")
_ANSWERS: dict[str, Outcome] = {
    "later": Retry(timedelta(minutes=10), 451, "come later", "message"),
    "dead": Failed(550, "5.1.1 no such address", suppress=True),
    "shut": Retry(None, 421, "closing", "relay"),
    "refused": Failed(554, "not that", suppress=False),
    "no room": Retry(None, 452, "no room", "message"),
    "lost": Uncertain("no answer"),
    "silent": Uncertain("no answer"),
    "shut after": Retry(None, 421, "closing", "relay"),
}


@dataclass
class Door(Outside):
    """An outside whose answers are written down; then it takes everything."""

    script: list[str] = field(default_factory=list)
    stops: dict[str, Callable[[], None]] = field(
        default_factory=dict
    )  # where this worker stands still, and what happens
    senders: dict[str, str] = field(default_factory=dict)  # message -> the address that it came from

    def _before(self, letter: Letter) -> Outcome | None:
        if not self.script or self.script[0] not in BEFORE:
            return None
        answer = _ANSWERS[self.script.pop(0)]
        if isinstance(answer, Failed) and letter.channel != "email":
            return Failed(400, "not that", suppress=False)
        return answer

    def _content(self, letter: Letter, at: datetime, order: int) -> Outcome:
        answer = self.script.pop(0) if self.script and self.script[0] in AFTER else "taken"
        if answer in ("taken", "lost"):
            self._take(letter, at, order)
            self.senders[letter.key] = letter.sender
        self._may_crash("before the answer")
        return _ANSWERS.get(answer, Done("250 taken"))

    def _may_crash(self, where: str) -> None:
        happens = self.stops.pop(where, None)
        if happens is not None:
            happens()


class Worker:
    """One program: it dies and is started anew, and what it had in its hands is gone then."""

    def __init__(self, lived: Lived, door: Door, workspace: Workspace) -> None:
        self._lived, self.door, self._workspace = lived, door, workspace
        self._passed = 0.0  # on a clock that nobody sets
        self.start()

    def start(self) -> None:
        """A program anew."""
        self._hands = Hands(instant=lambda: self.door.now, clock=lambda: self._passed)
        self.load(self._workspace)
        self._tick.begin(self.door.now)

    def load(self, workspace: Workspace) -> list[str]:
        """Takes a workspace over; what it could not take over."""
        shop, refused = deploy(Shop(self._lived.store, workspace), self.door.now)
        self._workspace = workspace
        self._tick = Tick(shop, self.door, SECRETS).living(self._hands)
        return [one.text for one in refused]

    @property
    def shop(self) -> Shop:
        """The shop as it runs here."""
        return self._tick.shop

    def tick(self) -> Ticked:
        """One tick."""
        return self._tick(self.door.now)

    def stand_still(self, by: timedelta) -> None:
        """Time passes without this worker."""
        self._passed += by.total_seconds()


def leases_end(lived: Lived) -> None:
    """On Postgres, whose own clock measures them: whoever holds a message now is taken for dead."""
    if lived.store.dialect.name == "postgresql":
        with lived.store.begin() as connection:
            connection.exec_driver_sql(
                f"UPDATE {outbox.name} SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until IS NOT NULL"
            )
