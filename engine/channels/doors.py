"""All the doors of a shop: the channel behind each name, opened as the settings say."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from engine.channels.channel import Channel
from engine.channels.chat import ChatDoor
from engine.channels.dkim import Sign, open_signer, unsigned
from engine.channels.http import Http
from engine.channels.inside import Allowed
from engine.channels.sms import SmsDoor
from engine.channels.smtp import Smtp
from engine.channels.webhook import WebhookDoor
from engine.settings.channels import Channels

#: The names of all channels, in the order in which they are tried where nothing else is said.
CHANNELS = ("email", "sms", "chat", "webhook")


class Doors(Mapping[str, Channel]):
    """Channels by name; a channel that the settings do not declare is not there."""

    def __init__(
        self, channels: Mapping[str, Channel], *, let_go: Callable[[], None] = lambda: None, sign: Sign = unsigned
    ) -> None:
        self._channels = dict(channels)
        self._let_go = let_go
        self.sign = sign  # what puts the shop's signature on a mail, before its content is frozen

    @classmethod
    def all_to(cls, channel: Channel) -> "Doors":
        """Every name leads to one channel: rehearsals record all that leaves, in its order."""
        return cls(dict.fromkeys(CHANNELS, channel))

    def __getitem__(self, name: str) -> Channel:
        return self._channels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._channels)

    def __len__(self) -> int:
        return len(self._channels)

    def close(self) -> None:
        """Closes each of them."""
        for channel in {id(channel): channel for channel in self._channels.values()}.values():
            channel.close()
        self._let_go()


def open_doors(channels: Channels, environment: Mapping[str, str], clock: Callable[[], datetime]) -> Doors:
    """The doors that the settings declare, with their secrets from the environment.

    Nothing is connected yet. Raises `ValueError` with a sentence for people where a secret is not set or does not fit.
    """
    allowed = Allowed(channels.allow_inside)
    opened: dict[str, Channel] = {}
    if channels.chat is not None:
        opened["chat"] = ChatDoor(channels.chat, environment, allowed)
    way = Http(allowed) if channels.sms is not None or channels.webhooks else None
    if way is not None and channels.sms is not None:
        opened["sms"] = SmsDoor(channels.sms, environment, way, allowed, clock)
    if way is not None and channels.webhooks:
        opened["webhook"] = WebhookDoor(channels.webhooks, environment, way, allowed, clock)
    if channels.email is not None:
        opened["email"] = Smtp(channels.email, environment, clock)
    in_order = {name: opened[name] for name in CHANNELS if name in opened}
    let_go = way.close if way is not None else _nothing
    return Doors(in_order, let_go=let_go, sign=_signs(channels, environment))


def _nothing() -> None:
    pass


def _signs(channels: Channels, environment: Mapping[str, str]) -> Sign:
    dkim = channels.email.dkim if channels.email is not None else None
    return open_signer(dkim.domain, dkim.selector, dkim.key, environment) if dkim is not None else unsigned
