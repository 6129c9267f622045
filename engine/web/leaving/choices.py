"""What a customer receives by topic and channel, and the answers that make it what he wants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.guards import EVERY_TOPIC, holding
from engine.shop import Shop
from engine.store.customers import consents

#: Where messages go, by the field of the customer that holds the address.
_ADDRESSES = {"email": "email", "sms": "phone", "chat": "chat"}

#: A topic, and whether it is agreed to.
Answer = tuple[str, bool]


@dataclass(frozen=True)
class Standing:
    """One customer at one moment: the language, the channels that can reach him, and what he said of each."""

    customer: str
    language: str | None
    channels: Sequence[str]
    said: Mapping[str, Sequence[tuple[str, bool, datetime]]]

    def gets(self, channel: str, topic: str) -> bool:
        """Whether a message of that topic may go to him by that channel."""
        answers = dict(holding(self.said.get(channel, ())))
        return answers.get(topic, answers.get(EVERY_TOPIC, False))

    def receives(self, channel: str, topics: Sequence[str] = ()) -> dict[str, bool]:
        """What he gets by a channel: of the topics that he spoke of, of others that are asked for, and of every other."""
        known = dict.fromkeys([EVERY_TOPIC, *topics, *(topic for topic, *_ in self.said.get(channel, ()))])
        return {topic: self.gets(channel, topic) for topic in known}

    def last_said(self, channel: str) -> datetime | None:
        """When he last said anything of a channel."""
        return max((at for *_, at in self.said.get(channel, ())), default=None)


def standing(shop: Shop, connection: sa.Connection, customer: str, now: datetime) -> Standing | None:
    """How a customer stands; None for somebody who is not, or no longer, in the store."""
    catalogue = shop.catalogue
    fields = [catalogue.fields[name] for name in _ADDRESSES.values() if name in catalogue.fields]
    try:
        found = shop.facts.customers(connection, [customer], fields, now).get(customer)
    except ValueError:
        found = None  # the shop's customers are numbered, and that is no number
    if found is None:
        return None
    said: dict[str, list[tuple[str, bool, datetime]]] = {}
    columns = (consents.c.channel, consents.c.topic, consents.c.given, consents.c.at)
    for channel, topic, given, at in connection.execute(sa.select(*columns).where(consents.c.customer_id == customer)):
        said.setdefault(channel, []).append((topic, given, at))
    reached = [one for one in shop.settings.channels.personal if found.get(_ADDRESSES[one]) or one in said]
    return Standing(customer, found.get("language"), reached, said)


def offered(shop: Shop) -> list[str]:
    """The topics that can be chosen, in the order of the settings; `*` where some messages belong to none."""
    topics = list(shop.settings.topics)
    of_none = any(one.purpose == "marketing" and one.topic is None for one in shop.workspace.playbooks.values())
    return [*topics, EVERY_TOPIC] if of_none or not topics else topics


def to_leave(now: Standing, channel: str, topic: str) -> list[Answer]:
    """The answers by which he leaves one topic of a channel, or with `*` all of it; none where he has left already."""
    written = {one: given for one, given, _ in now.said.get(channel, ())}
    gets = now.gets(channel, topic) if topic != EVERY_TOPIC else any(now.receives(channel).values())
    return [] if written.get(topic) is False and not gets else [(topic, False)]


def to_have(now: Standing, channel: str, wanted: Mapping[str, bool]) -> list[Answer]:
    """The answers after which he receives by a channel what is wanted; what is not named stays as it is."""
    aim = {**now.receives(channel), **wanted}
    everything_else = aim.pop(EVERY_TOPIC)
    if not everything_else and not any(aim.values()):
        return to_leave(now, channel, EVERY_TOPIC)
    written = {topic: given for topic, given, _ in now.said.get(channel, ())}
    turns = everything_else != now.gets(channel, EVERY_TOPIC)
    answers = [(EVERY_TOPIC, everything_else)] if turns else []
    for topic, want in aim.items():
        # After a new answer for everything else, a topic stands as it was last spoken of; or falls with it.
        then = now.gets(channel, topic) if not turns else everything_else and written.get(topic, True)
        if then != want:
            answers.append((topic, want))
    return answers
