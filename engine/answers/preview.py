"""What a playbook would do: how many it concerns, and its mails as a customer would read them. Nothing is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import sqlalchemy as sa

from engine.actions.series import Series
from engine.answers.over import over
from engine.answers.whom import find_customer
from engine.catalogue import Field, Type
from engine.catalogue.origin import EVENTS
from engine.clocks.times import Length
from engine.enrol import Entry
from engine.outgoing.compose import Compose, Failure
from engine.progress import zones_of_customers
from engine.render import Content, Several
from engine.sends import Saying
from engine.shop import Shop
from engine.store.dialect import horizon
from engine.trigger import Firing, Ground, Window
from engine.triggers.once import Once
from engine.workspace.playbook import Playbook, Step

#: The stretch of time that a preview counts over.
_STRETCH = timedelta(days=30)
#: No clock of the world is further away from UTC.
_ZONES = timedelta(days=1)

_NAMES = {
    "code": "EXAMPLE-42",
    "link": "https://www.example.com/",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
    "phone": "+49 30 1234567",
    "language": None,
}


@dataclass(frozen=True)
class Shown:
    """One message of a playbook by one channel, in one language. What is no mail has no subject and no page."""

    step: str
    channel: str
    message: str
    language: str
    content: Content


def _unlimited(ground: Ground) -> Ground:
    """The same ground, from which a trigger sees the whole stretch and not only as much as `limits.catch_up`."""
    limits = ground.settings.limits.model_copy(update={"catch_up": Length(2 * _STRETCH.days, "day")})
    return replace(ground, settings=ground.settings.model_copy(update={"limits": limits}))


@dataclass(frozen=True)
class Preview:
    """Looks at one playbook of one shop."""

    shop: Shop
    playbook: Playbook

    def audience(self, connection: sa.Connection, now: datetime) -> Iterator[str]:
        """How many customers, or events, the trigger and the conditions let in."""
        entry = Entry(self.playbook, self.shop.ground(self.playbook))
        trigger = self.playbook.trigger
        if trigger.audience is not None:
            both = [entry.ground.compile(tree) for tree in (trigger.audience, self.playbook.condition)]
            catalogue, zone = self.shop.catalogue, self.shop.settings.zone
            customers = catalogue.table(catalogue.customers.name)
            statement = sa.select(sa.func.count()).select_from(customers).where(*(one.expression for one in both))
            params = {name: value for one in both for name, value in one.bind(now, zone).items()}
            yield f"{connection.execute(statement, params).scalar_one():,} customers match now"
        elif trigger.event_name is not None:
            window = Window(now - _STRETCH, now, -1, horizon(connection))
            count = self._count(connection, entry, window, {"oldest": now - _STRETCH})
            yield f"{count:,} such events in the last {_STRETCH.days} days"
        elif isinstance(trigger, Once):
            yield from self._once(connection, trigger, now)
        else:
            count = self._within(connection, now, now + _STRETCH)
            yield f"{count:,} customers have their day in the next {_STRETCH.days} days"

    def _once(self, connection: sa.Connection, trigger: Once, now: datetime) -> Iterator[str]:
        """A single moment, whenever it is: the stretch of other triggers need not reach it."""
        missed = over(connection, self.shop.settings, self.shop.catalogue, trigger, now)
        moment = f"fires once, at {trigger.once:%Y-%m-%d %H:%M} by the customers' own clocks"
        yield f"{moment}: {missed}" if missed else moment
        around = trigger.once.replace(tzinfo=UTC)
        begins, ends = around - _ZONES, around + _ZONES
        every, ahead = (self._within(connection, since, ends) for since in (begins, min(max(now, begins), ends)))
        yield f"{ahead:,} customers have it ahead of them, {every - ahead:,} behind them"

    def _within(self, connection: sa.Connection, since: datetime, until: datetime) -> int:
        """For how many customers the calendar fires in a stretch of time."""
        position = horizon(connection)
        entry = Entry(self.playbook, _unlimited(self.shop.ground(self.playbook)))
        return self._count(connection, entry, Window(since, until, position, position), {})

    def _count(self, connection: sa.Connection, entry: Entry, window: Window, over: Mapping[str, Any]) -> int:
        zones = zones_of_customers(connection, self.shop.catalogue)
        found = 0
        # The first firing alone counts: a second one is the same events by another road.
        for firing in entry.playbook.trigger.firings(entry.ground)[:1]:
            for span in firing.spans(window, zones):
                moments = firing.moments.bind(window.until, entry.ground.settings.zone)
                bound = {**entry.bind(window.until), **moments, **span, **over}
                found += int(connection.execute(self._candidates(entry, firing), bound).scalar_one())
        return found

    def _candidates(self, entry: Entry, firing: Firing) -> sa.Select[Any]:
        catalogue = self.shop.catalogue
        fired = firing.candidates.subquery("fired")
        customers = catalogue.table(catalogue.customers.name)
        joined = fired.join(customers, catalogue.customer_key == catalogue.as_key(fired.c.customer_id))
        condition = entry.ground.compile(self.playbook.condition).expression
        return sa.select(sa.func.count()).select_from(joined).where(condition)

    def messages(
        self, connection: sa.Connection, customer: str | None, language: str | None, now: datetime
    ) -> Iterator[Shown]:
        """Every message of the playbook by each of its channels, with the values of a customer or with made-up ones."""
        compose = Compose(self.shop, ())
        known = self._customer(connection, compose, customer, now)
        if language is not None:
            known["language"] = language
        marketing = self.playbook.purpose == "marketing"
        for step in self.playbook.steps.values():
            for message, channel in self._said(compose, step):
                context = {**self._made_up(compose, now), "customer": known}
                tongue, _ = compose.template(self.playbook, message, known.get("language"), channel)
                content = _rendered(compose, self.playbook, (message, channel), context, marketing=marketing)
                if content is not None:
                    yield Shown(step.text, channel, message, tongue, content)

    def _said(self, compose: Compose, step: Step) -> Iterator[tuple[str, str]]:
        """The messages that a step may send, each with a channel that it has words for."""
        action = step.action
        if not isinstance(action, Saying | Series):
            return
        messages = self.playbook.series.get(action.series, ()) if isinstance(action, Series) else (action.said(),)
        for message in messages:
            for channel in action.ways() or self.shop.settings.channels.personal:
                if compose.speaks(self.playbook, message, channel):
                    yield message, channel

    def _customer(
        self, connection: sa.Connection, compose: Compose, customer: str | None, now: datetime
    ) -> dict[str, Any]:
        fields = self.shop.catalogue.fields
        if customer is None:
            made_up = compose.shown({name: _sample(field, now) for name, field in fields.items()}, fields)
            return {**made_up, **self._products(compose, now)}
        customer_id = find_customer(self.shop, connection, customer)
        found = self.shop.facts.customers(connection, [customer_id], fields.values(), now)[customer_id]
        return {**compose.shown(found, fields), **self._products(compose, now)}

    def _products(self, compose: Compose, now: datetime) -> dict[str, Any]:
        """Recommended products, made up."""
        return {
            one.name: (compose.shown({name: _sample(field, now) for name, field in one.fields.items()}, one.fields),)
            for one in self.shop.catalogue.recommendations.values()
        }

    def _made_up(self, compose: Compose, now: datetime) -> dict[str, Mapping[str, Any]]:
        origin = self.playbook.trigger.origin
        known = {"event": {}, **origin.scopes(self.shop.catalogue), **self.playbook.made}
        made: dict[str, Mapping[str, Any]] = {}
        for result, shown in known.items():
            made[result] = compose.shown({name: _sample(one, now) for name, one in shown.items()}, shown)
        if origin.collects:
            made[EVENTS] = Several([made["event"]] * 2, 2)
        return made


def _rendered(
    compose: Compose, playbook: Playbook, said: tuple[str, str], context: Mapping[str, Any], *, marketing: bool
) -> Content | None:
    message, channel = said
    found = compose.look(playbook, message, channel, context, marketing=marketing)
    if isinstance(found, Failure):
        fault = found.reason
        return Content(subject=f"({message} cannot be written)", text=fault, html=f"<p>{escape(fault)}</p>")
    return Content(subject="", text=found, html="") if isinstance(found, str) else found


def _sample(field: Field, now: datetime) -> Any:
    if field.name in _NAMES:
        return _NAMES[field.name]
    ahead = any(word in field.name for word in ("until", "expires", "due"))
    days = timedelta(days=30 if ahead else -30)
    samples: Mapping[Type, Any] = {
        Type.TEXT: field.name.replace("_", " "),
        Type.CHOICE: field.choices[0] if field.choices else "",
        Type.NUMBER: 3,
        Type.MONEY: 32_000,
        Type.YES_NO: True,
        Type.DATE: (now + days).date(),
        Type.TIME: now + days,
        Type.TAGS: (),
    }
    return samples[field.type]
