"""The machine: everything that shops, customers, staff, doors and clocks do to an engine, in any order, by rules."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.bounces.record import Intake
from engine.brakes.holding import hold, release
from engine.daemon import keep_running
from engine.erase import erase, find_person
from engine.failpoints import FAILPOINTS, Crash, armed
from engine.outgoing.doubt import answer
from engine.store.ingest import (
    lift_suppression,
    put_consents,
    put_customers,
    put_events,
    put_suppressions,
    record_event,
)
from engine.workspace import Workspace, load_texts
from tests.bounces.mails import POSTFIX
from tests.shop import SECRETS
from tests.simulation.findings import message_key
from tests.simulation.lived import ZONES, Customer, Order
from tests.simulation.outside import Odds
from tests.simulation.playbooks import PLAYBOOKS, TEXTS
from tests.states.ground import Ground
from tests.states.invariants import ALWAYS, AT_REST, Account, broken, suppressed
from tests.states.worker import AFTER, BEFORE, Door, Worker, leases_end

BOUNCES = "bounces@mail.shop.example"
FILES = {
    **TEXTS,
    "settings/regulars.yaml": TEXTS["settings/regulars.yaml"].replace(
        "<hello@shop.example>", f"<hello@shop.example>, bounces: {{address: {BOUNCES}}}"
    ),
    "weekly.yaml": TEXTS["weekly.yaml"].replace("do:", "topic: offers\ndo:"),
}
PLACES = [name for name in FAILPOINTS if name.startswith(("deliver.", "reap.", "uncertain.", "upkeep."))]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_BEGINS = datetime(2026, 3, 27, 10, tzinfo=UTC)  # a Friday; that Sunday the clocks of Europe go forward
#: Without a pass for longer than this, occasions would be too old to count.
_CATCHES_UP = 40 * HOUR

customers = st.integers(0, 2)
workers = st.integers(0, 1)
spans = st.sampled_from([timedelta(minutes=1), timedelta(minutes=20), HOUR, 5 * HOUR, 13 * HOUR, 30 * HOUR])
stands = st.sampled_from(["before the gate", "after the gate", "before the answer", "after an answer"])


class Machine(RuleBasedStateMachine):
    """Rules over one store; `ground` is given by who runs it."""

    ground: Ground
    rules_seen = examples_seen = 0

    @initialize(zones=st.lists(st.sampled_from(ZONES), min_size=3, max_size=3))
    def begin(self, zones: list[str]) -> None:
        """Three customers, and the engine's first tick."""
        type(self).examples_seen += 1
        self.ground.empty()
        self.now = _BEGINS
        people = [
            Customer(f"c{number}", ZoneInfo(zone), date(1980, 3, 29 + number)) for number, zone in enumerate(zones)
        ]
        outside = Door(Random(0), Odds(), self.now)
        self.account = Account(0, self.now, people, outside, self.ground.store)
        self.account.steady = {one.id for one in people}
        self.account.farthest = self.now
        self.addresses = {one.id: one.email for one in people}
        self.status, self.texts = "active", dict(FILES)
        self.away: dict[str, tuple[datetime, str]] = {}  # events that came while `thanks` is paused -> when, whose
        self.workspace = _checked(self.texts)
        self.answered = self.now
        self._write(
            put_customers,
            [
                {"id": one.id, "email": one.email, "email_consent": True, "timezone": one.zone.key, "birthday": one.birthday}
                for one in people
            ],
        )  # fmt: skip
        self.workers = [Worker(self.account, self._door(), self.workspace) for _ in range(1 + self.ground.is_shared)]
        self.calm()

    def _door(self) -> Door:
        outside = self.account.outside
        return Door(Random(0), Odds(), self.now, outside.ledger, outside.order)

    # --- The invariants ----------------------------------------------------------------------------------------------

    @invariant()
    def holds(self) -> None:
        """Everything that holds at any moment."""
        if hasattr(self, "account"):
            type(self).rules_seen += 1
            self._learn()
            assert not (found := broken(ALWAYS, self.account)), found

    def teardown(self) -> None:
        """And what holds when all is quiet."""
        if not hasattr(self, "workers"):
            return
        self._put_back()
        for one in self.workers:
            one.door.script.clear()
            one.door.stops.clear()
        self.release_all()
        for _ in range(8):
            self._move(13 * HOUR)
            leases_end(self.account)
            self.calm()
        self.account.now = self.now
        self.holds()
        assert not (found := broken(AT_REST, self.account)), found

    def _learn(self) -> None:
        """What became known since the last rule."""
        account = self.account
        account.known.clear()
        account.farthest = max(account.farthest, self.now)
        for row in account.rows("SELECT * FROM outbox"):
            account.keys.setdefault(row["id"], message_key(row))
        now = suppressed(account.store) | {self.addresses[one] for one in account.erased}
        account.closed = {
            address: account.closed[address] if address in account.closed else next(account.outside.order)
            for address in sorted(now)
        }

    # --- The shop and its customers -----------------------------------------------------------------------------------

    @rule(who=customers, late=st.sampled_from([0, 0, 1, 9, 20]), times=st.integers(1, 2))
    def buys(self, who: int, late: int, times: int) -> None:
        """An order, told at once or later, once or twice."""
        key, at = f"order-{len(self.account.told)}", self.now - late * HOUR
        for _ in range(times):
            self._told([(key, who, at)])

    @rule(which=st.integers(0, 5))
    def tells_again(self, which: int) -> None:
        """The shop says once more what it has said: what is in the store is not changed by it."""
        orders = [one for one in self.account.orders if one.who not in self.account.erased]
        if orders:
            one = orders[which % len(orders)]
            with self.ground.store.begin() as connection:
                payload = {"order_id": one.event, "total": 1000}
                assert not record_event(
                    connection, "order.paid", one.who, one.at, payload, one.event, self.now
                ).rejected

    @rule(who=st.lists(customers, min_size=2, max_size=4), late=st.permutations([0, 2, 8, 15]))
    def buy_together(self, who: list[int], late: list[int]) -> None:
        """A batch of orders, in any order, one of them twice."""
        count = len(self.account.told)
        batch = [
            (f"order-{count + number}", one, self.now - hours * HOUR)
            for number, (one, hours) in enumerate(zip(who, late, strict=False))
        ]
        self._told([*batch, batch[0]])

    def _told(self, orders: list[tuple[str, int, datetime]]) -> None:
        account = self.account
        orders = [(key, who, at) for key, who, at in orders if f"c{who}" not in account.erased]
        rows = [
            {"id": key, "name": "order.paid", "customer_id": f"c{who}", "occurred_at": at,
             "payload": {"order_id": key, "total": 1000}}
            for key, who, at in orders
        ]  # fmt: skip
        with self.ground.store.begin() as connection:
            put_events(connection, rows, self.now)
        for key, who, at in orders:
            if key in account.told:
                continue
            account.told[key] = f"c{who}"
            account.orders.append(Order(at, f"c{who}", key, self.now))
            account.occasions["receipt", key] = f"c{who}"
            if self.status == "active":
                account.occasions["thanks", key] = f"c{who}"
            elif self.status == "paused":
                self.away[key] = (at, f"c{who}")
                account.perhaps.add(("thanks", key))
            else:
                account.never.add(("thanks", key))

    @rule(who=customers, given=st.booleans(), topic=st.sampled_from(["*", "*", "offers"]))
    def answers(self, who: int, given: bool, topic: str) -> None:
        """A customer leaves, or comes back; a topic, or everything."""
        if self.now <= self.answered or f"c{who}" in self.account.erased:
            return
        self.answered = self.now
        said = {
            "customer_id": f"c{who}",
            "channel": "email",
            "topic": topic,
            "given": given,
            "at": self.now,
            "how": "form",
        }
        self._write(put_consents, [said])
        self.account.answers.append((next(self.account.outside.order), f"c{who}", topic, given))

    @rule(who=customers, stops=st.booleans())
    def suppresses(self, who: int, stops: bool) -> None:
        """An address gets nothing more, or may again."""
        if stops:
            self._write(put_suppressions, [{"address": self.addresses[f"c{who}"], "reason": "asked for it"}])
        elif f"c{who}" not in self.account.erased:
            with self.ground.store.begin() as connection:
                lift_suppression(connection, "email", self.addresses[f"c{who}"])
        self._learn()

    @rule(who=customers, to=st.sampled_from(ZONES), address=st.booleans())
    def changes(self, who: int, to: str, address: bool) -> None:
        """Another zone or another address."""
        id_ = f"c{who}"
        if id_ in self.account.erased:
            return
        if address:
            self.addresses[id_] = f"{id_}-{next(self.account.outside.order)}@example.com"
            self._write(put_customers, [{"id": id_, "email": self.addresses[id_]}])
        else:
            self.account.moved.append((next(self.account.outside.order), id_, ZoneInfo(to)))
            self.account.steady.discard(id_)
            self._write(put_customers, [{"id": id_, "timezone": to}])

    @rule(who=customers)
    def erases(self, who: int) -> None:
        """A customer is forgotten."""
        if f"c{who}" in self.account.erased:
            return
        self._learn()
        with self.ground.store.begin() as connection:
            erase(connection, find_person(self.workers[0].shop, connection, f"c{who}"), self.now)
        self.account.erased.add(f"c{who}")
        self._learn()

    # --- The engine ---------------------------------------------------------------------------------------------------

    @rule(which=workers)
    def ticks(self, which: int) -> None:
        """A tick."""
        self._worker(which).tick()

    @rule(which=workers, place=st.sampled_from(PLACES), at=st.integers(1, 3))
    def crashes(self, which: int, place: str, at: int) -> None:
        """A tick that ends at a failpoint, if it comes there; the engine begins anew."""
        self._tick_to_the_end(which, armed(place, at))

    @rule(which=workers, after=st.integers(1, 120))
    def crashes_anywhere(self, which: int, after: int) -> None:
        """A tick that ends before any of its statements."""
        self._tick_to_the_end(which, self.ground.cut_off(after))

    def _tick_to_the_end(self, which: int, trap: AbstractContextManager[None]) -> None:
        worker, before = self._worker(which), self._sending()
        try:
            with trap:
                worker.tick()
        except Crash:
            self.account.crashes += 1
            left = self._sending() - before
            if left > 5:  # so many go through the door together
                self.account.doubts.append(f"{left} were being sent")
            worker.start()

    def _sending(self) -> int:
        with self.ground.store.connect().execution_options(reading=True) as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM outbox WHERE state = 'sending'")).scalar_one())

    @rule(which=workers, says=st.lists(st.sampled_from([*BEFORE, *AFTER]), min_size=1, max_size=4))
    def doors_answer(self, which: int, says: list[str]) -> None:
        """What a door will answer next."""
        self._worker(which).door.script = list(says)

    @rule(
        which=workers,
        place=stands,
        does=st.sampled_from(["leave", "suppress", "erase", "move", "time", "pause"]),
        who=customers,
    )
    def meanwhile(self, which: int, place: str, does: str, who: int) -> None:
        """Something happens while a worker stands at the door."""
        happens: dict[str, Callable[[], None]] = {
            "leave": lambda: self.answers(who, given=False, topic="*"),
            "suppress": lambda: self.suppresses(who, stops=True),
            "erase": lambda: self.erases(who),
            "move": lambda: self.changes(who, "Asia/Shanghai", address=False),
            "time": lambda: self._move(5 * HOUR),
            "pause": lambda: self._edit(status="paused"),
        }
        worker = self._worker(which)
        worker.door.stops[place] = happens[does]
        worker.tick()
        worker.door.stops.clear()

    @precondition(lambda self: self.ground.is_shared)
    @rule(which=workers, place=stands, then=st.lists(spans, max_size=2), crashes=st.booleans())
    def is_taken_for_dead(self, which: int, place: str, then: list[timedelta], crashes: bool) -> None:
        """A worker stands still at the door; its lease ends, another one goes on, and then it awakes."""
        sleeper, other = self._worker(which), self._worker(1 - which)

        def meanwhile() -> None:
            sleeper.stand_still(timedelta(minutes=10))
            leases_end(self.account)
            other.tick()
            for span in then:
                self._move(span)
                leases_end(self.account)
                other.tick()
            if crashes:
                raise Crash

        sleeper.door.stops[place] = meanwhile
        self._tick_to_the_end(which, nullcontext())
        sleeper.door.stops.clear()

    @rule()
    def leases_run_out(self) -> None:
        """Whoever holds a message is taken for dead."""
        leases_end(self.account)

    @rule(by=spans)
    def time_passes(self, by: timedelta) -> None:
        """Without anything happening; after a long standstill there is a pass first."""
        if self.now + by - self.passed > _CATCHES_UP:
            self.calm()
        self._move(by)

    @rule(by=st.sampled_from([timedelta(seconds=1), timedelta(minutes=4)]))
    def clock_goes_back(self, by: timedelta) -> None:
        """Somebody sets the clock back a little."""
        self._move(-by)

    @rule(which=workers)
    def restarts(self, which: int) -> None:
        """A program ends and begins anew."""
        self._worker(which).start()

    # --- Playbooks that change, and people who decide -----------------------------------------------------------------

    @rule(what=st.sampled_from(["text", "pause", "retire", "back", "same", "broken"]))
    def edits(self, what: str) -> None:
        """The folder changes."""
        if what == "broken":
            fresh = load_texts({**self.texts, "thanks.yaml": "playbook: thanks\nwhen: {event: order.paid\n"})
            kept = keep_running(self.workspace, fresh)
            assert kept.playbooks["thanks"].revision == self.workspace.playbooks["thanks"].revision
            for one in self.workers:
                assert not one.load(kept)
        elif what == "text":
            text = f"---\nsubject: thanks\n---\nHello, text {next(self.account.outside.order)}.\n"
            self.texts["messages/thanks/en.md"] = text
            self._edit(self.status)
        else:
            self._edit({"pause": "paused", "retire": "retired", "back": "active", "same": self.status}[what])

    def _edit(self, status: str) -> None:
        if status != self.status and "retired" in (status, self.status):
            self.calm()  # what came before it still counts
        before, self.status = self.status, status
        self.texts["thanks.yaml"] = FILES["thanks.yaml"].replace(
            "playbook: thanks", f"playbook: thanks\nstatus: {status}"
        )
        self.workspace = _checked(self.texts)
        for one in self.workers:
            assert not one.load(self.workspace)
        if before == "paused" and status == "active":
            for event, (at, who) in self.away.items():
                if self.now - at < 60 * HOUR:
                    self.account.perhaps.discard(("thanks", event))
                    self.account.occasions["thanks", event] = who
            self.calm()
        if before == "paused":
            self.away.clear()
        if before == "retired":
            # By a clock that was set back, what came meanwhile may happen only now.
            self.account.perhaps |= {("thanks", one.event) for one in self.account.orders if one.at > self.now}

    def _put_back(self) -> None:
        if self.status != "active":
            self._edit("active")

    @rule(what=st.sampled_from(["all", "sends", "entries"]), playbook=st.sampled_from(["thanks", "receipt", "weekly"]))
    def holds_by_hand(self, what: Any, playbook: str) -> None:
        """A person holds a playbook."""
        with self.ground.store.begin() as connection:
            hold(connection, playbook, what, "let me look", self.now)

    @rule()
    def release_all(self) -> None:
        """And lets everything go."""
        with self.ground.store.begin() as connection:
            for playbook in PLAYBOOKS:
                release(connection, playbook, self.now, "somebody", drop=False)

    @rule(which=st.integers(0, 3), again=st.booleans())
    def decides(self, which: int, again: bool) -> None:
        """A person says what became of a message."""
        found = self._messages("uncertain", "review")
        if found:
            row = found[which % len(found)]
            with self.ground.store.begin() as connection:
                answer(connection, row["id"], again=again, now=self.now)
            (self.account.again if again else self.account.decided)[row["id"]] += 1

    @rule(which=st.integers(0, 5), what=st.sampled_from(["click", "bounce"]))
    def sign_comes(self, which: int, what: str) -> None:
        """A reader clicks, or a mail comes back."""
        keys = {self.account.keys.get(row["id"]): row for row in self._messages()}
        arrived = [one for one in self.account.outside.ledger if one.channel == "email" and one.key in keys]
        if not arrived:
            return
        taken = arrived[which % len(arrived)]
        row = keys[taken.key]
        if what == "click":
            if row["customer_id"] in self.account.told.values() and row["customer_id"] not in self.account.erased:
                with self.ground.store.begin() as connection:
                    fields, id_ = {"message": row["message"]}, f"click-{next(self.account.outside.order)}"
                    record_event(connection, "message.clicked", row["customer_id"], self.now, fields, id_, self.now)
            return
        sender = next(one.door.senders[taken.key] for one in self.workers if taken.key in one.door.senders)
        mail = POSTFIX.format(to=sender, reply="550 5.1.1 no such user", action="failed", status="5.1.1", ours="")
        Intake(self.workers[0].shop, SECRETS, BOUNCES)(mail.encode(), self.now)
        self._learn()

    # --- Between ------------------------------------------------------------------------------------------------------

    def calm(self) -> None:
        """Ticks without faults until nothing is due."""
        for _ in range(30):
            if all([one.tick().idle for one in self.workers]):
                self.passed = self.now
                return
        raise AssertionError(f"at {self.now} there is always something to do")

    def _move(self, by: timedelta) -> None:
        self.now += by
        for one in self.workers:
            one.door.now = self.now
            if by > timedelta(0):
                one.stand_still(by)

    def _worker(self, which: int) -> Worker:
        return self.workers[which % len(self.workers)]

    def _messages(self, *states: str) -> list[dict[str, Any]]:
        self.account.known.clear()
        found = self.account.rows("SELECT * FROM outbox ORDER BY id")
        return [row for row in found if not states or row["state"] in states]

    def _write(self, put: Callable[..., Any], rows: list[dict[str, Any]]) -> None:
        with self.ground.store.begin() as connection:
            done = put(connection, rows, self.now)
            assert not done.rejected, done.rejected


def _checked(texts: dict[str, str]) -> Workspace:
    found = load_texts(texts)
    assert not found.errors, found.problems
    return found
