"""A shop for the tests of the passes: texts in memory on a real store, and a clock that the test moves."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from textwrap import dedent
from typing import Any

import sqlalchemy as sa

from engine.channels import Channel, Letter, Record
from engine.deploy import deploy
from engine.shop import Shop
from engine.source.printing import print_problems
from engine.store.customers import consents, suppressions
from engine.store.ingest import put_customers, record_event
from engine.store.ledger import enrolments, memberships, outbox
from engine.tick import Tick, Ticked
from engine.workspace import Workspace, load_texts

SECRETS = ["a secret of sixteen and more letters"]

SETTINGS = """
brand: {name: Fine Shop, address: '1 High Street, Springfield'}
timezone: UTC
currency: EUR
topics:
  offers: {title: Offers}
  news: {title: News}
channels:
  email: {from: Fine Shop <hello@shop.example>}
limits:
  send_window: 00:00-23:59
"""

VOUCHERS = """
gift: {title: A gift, value: 10, code: 'GIFT-{random}'}
"""

Row = Mapping[str, Any]


def playbook(name: str, body: str, **keys: str) -> dict[str, str]:
    """The file of an active playbook: `body` is its YAML from `when` on; `keys` stand above it."""
    head = "".join(f"{key}: {value}\n" for key, value in {"playbook": name, **keys}.items())
    return {f"{name}.yaml": head + dedent(body)}


def workspace_of(files: Mapping[str, str], settings: str = SETTINGS) -> Workspace:
    """The workspace of these files, with settings, vouchers, and a plain text for every mail that is not given."""
    texts = {"settings/regulars.yaml": settings, "settings/vouchers.yaml": VOUCHERS, **files}
    for name in re.findall(r"\bemail: ([\w-]+)", "\n".join(files.values())):
        texts.setdefault(f"messages/{name}/en.md", f"---\nsubject: {name}\n---\nThe text of {name}.\n")
    workspace = load_texts(texts)
    assert not workspace.errors, print_problems(workspace.problems, workspace.texts)
    return workspace


class World:
    """A workspace at work on a store: what happens to customers, what ticks do, and what is on record then."""

    def __init__(
        self,
        store: sa.Engine,
        now: datetime,
        files: Mapping[str, str],
        *,
        settings: str = SETTINGS,
        channel: Channel | None = None,
        control: Callable[[str, str], bool] | None = None,
        codes: str = "CODE",
    ) -> None:
        self.store, self.now = store, now
        self.record = Record()
        self.channel: Channel = channel if channel is not None else self.record
        self._control, self._settings = control, settings
        self._codes, self._ids = _counted(codes), _counted("event-")
        self.edit(files)

    # --- The workspace -----------------------------------------------------------------------------------------------

    def edit(self, files: Mapping[str, str], settings: str | None = None) -> None:
        """The same store under other files, in a program that was started anew."""
        self.files, self._settings = dict(files), settings or self._settings
        self.restart()

    def restart(self) -> None:
        """A program started anew: nothing is remembered but what the store holds."""
        workspace = workspace_of(self.files, self._settings)
        self.shop, self.refused = deploy(Shop(self.store, workspace), self.now)
        self._tick = Tick(self.shop, self.channel, SECRETS, new_code=lambda: next(self._codes), control=self._control)

    def tick_once(self) -> Ticked:
        """One tick."""
        return self._tick(self.now)

    def patiently(self) -> Ticked:
        """One tick that reports the faults of single playbooks instead of raising them."""
        return self._tick.patiently(self.now)

    def tick(self, at: datetime | None = None) -> Ticked:
        """Two ticks at one instant, of which the second finds nothing to do."""
        self.now = at or self.now
        report = self.tick_once()
        again = self.tick_once()
        assert again.idle, again
        return report

    def tick_until(self, end: datetime) -> None:
        """Ticks whenever time alone gives something to do, and at the end."""
        for _ in range(1000):
            following = self._tick.next_at(self.now)
            if following is None or following >= end:
                self.tick(end)
                return
            assert following > self.now, following
            self.tick(following)
        raise AssertionError("time does not pass")

    # --- What happens ------------------------------------------------------------------------------------------------

    def customers(self, *ids: str, **fields: Any) -> None:
        """Customers who agreed to mail, written anew or changed."""
        rows = [{"id": one, "email": f"{one}@example.com", "email_consent": True, **fields} for one in ids]
        with self.store.begin() as connection:
            assert not put_customers(connection, rows, self.now).rejected

    def event(self, name: str, customer: str, at: datetime | None = None, **payload: Any) -> str:
        """An event of a customer, now or at another time; `id` is its own, else it is counted. Returns the id."""
        key: str = payload.pop("id", None) or next(self._ids)
        with self.store.begin() as connection:
            written = record_event(connection, name, customer, at or self.now, payload, key, self.now)
            assert not written.rejected, written.rejected
        return key

    def answer(self, customer: str, given: bool, topic: str = "*") -> None:
        """The customer agrees to mail, or takes that back."""
        row = {"customer_id": customer, "channel": "email", "topic": topic, "given": given, "at": self.now, "how": "x"}
        mine = [consents.c[name] == row[name] for name in ("customer_id", "channel", "topic")]
        self.write(sa.delete(consents).where(*mine), sa.insert(consents).values(row))

    def suppress(self, address: str) -> None:
        """Nothing more goes to that address."""
        row = {"channel": "email", "address": address, "reason": "asked for it", "at": self.now}
        self.write(sa.insert(suppressions).values(row))

    def write(self, *statements: sa.Executable) -> None:
        """Any statements, in one transaction."""
        with self.store.begin() as connection:
            for statement in statements:
                connection.execute(statement)

    # --- What is on record -------------------------------------------------------------------------------------------

    def rows(self, table: sa.Table, **where: Any) -> list[Row]:
        """The rows of a table with these values, in the order of their keys."""
        wanted = [table.c[name] == value for name, value in where.items()]
        with self.store.connect().execution_options(reading=True) as connection:
            found = connection.execute(sa.select(table).where(*wanted).order_by(*table.primary_key)).mappings()
            return [dict(row) for row in found]

    def runs(self, **where: Any) -> list[Row]:
        """The enrolments."""
        return self.rows(enrolments, **where)

    def run(self, **where: Any) -> Row:
        """The one enrolment there is."""
        (row,) = self.runs(**where)
        return row

    def states(self) -> list[tuple[str, str]]:
        """Who is in which state, in the order of entry."""
        return [(row["customer_id"], row["state"]) for row in self.runs()]

    def entered(self) -> list[str]:
        """Whose occasions were not refused, in the order of entry."""
        return [row["customer_id"] for row in self.runs() if row["state"] != "refused"]

    def messages(self, **where: Any) -> list[Row]:
        """The rows of the outbox."""
        return self.rows(outbox, **where)

    def message(self, **where: Any) -> Row:
        """The one message there is."""
        (row,) = self.messages(**where)
        return row

    def members(self, name: str) -> set[str]:
        """Who is inside the audience of a playbook, as it is kept."""
        return {row["customer_id"] for row in self.rows(memberships, playbook=name, inside=True)}

    def mails(self) -> list[tuple[str, str]]:
        """Who got which subject."""
        return [(letter.recipient, subject(letter)) for letter in self.record.letters]


def subject(letter: Letter) -> str:
    """The subject as people read it."""
    return str(make_header(decode_header(message_from_bytes(letter.content)["Subject"])))


def _counted(prefix: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{prefix}{number:04}"
