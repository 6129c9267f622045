"""The page around what is said: the shop's name above, its address below, in the reader's language; no script at all."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from engine.guards import EVERY_TOPIC
from engine.render.slots import is_link
from engine.render.values import locale_of
from engine.settings import Settings
from engine.web.leaving.choices import Standing
from engine.web.leaving.words import words_of

_HERE = Path(__file__).parent
_STYLE = _HERE.joinpath("page.css").read_text("utf-8")
_PAGE = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(
    _HERE.joinpath("page.html").read_text("utf-8")
)

#: What a browser may load for a page: its own style and nothing else; its forms go to the pages alone.
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@dataclass(frozen=True)
class Topic:
    """A topic that can be kept or left."""

    word: str
    name: str
    gets: bool


@dataclass(frozen=True)
class Channel:
    """A channel and its topics."""

    word: str
    name: str
    topics: Sequence[Topic]


@dataclass(frozen=True)
class Page:
    """The pages of one shop in one language."""

    settings: Settings
    language: str

    def choice(self, now: Standing, topics: Sequence[str], choices: str, **said: Any) -> str:
        """What the customer receives, to keep or to leave; `choices` is where the forms go, `said` what stands above."""
        channels = [
            Channel(one, words_of(self.language).by(one), [self._topic(now, one, topic, topics) for topic in topics])
            for one in now.channels
        ]
        return self._page(channels=channels, choices=choices, **said)

    def fault(self, heading: str, text: str) -> str:
        """That something cannot be done, and what helps."""
        return self._page(fault=(heading, text))

    def named(self, channel: str, topic: str | None) -> str:
        """What a link stands for: a topic by a channel."""
        words = words_of(self.language)
        return f"{self._title(topic) if topic else words.everything} · {words.by(channel)}"

    def _topic(self, now: Standing, channel: str, topic: str, topics: Sequence[str]) -> Topic:
        words = words_of(self.language)
        other = words.everything_else if len(topics) > 1 else words.everything
        return Topic(topic, other if topic == EVERY_TOPIC else self._title(topic), now.gets(channel, topic))

    def _title(self, topic: str) -> str:
        known = self.settings.topics.get(topic)
        return (known.named(self.settings.language_chain(self.language)) if known is not None else None) or topic

    def _page(self, **said: Any) -> str:
        words, brand, name = words_of(self.language), self.settings.brand, self.settings.brand_in(self.language)
        nothing: Mapping[str, Any] = {
            "fault": None, "done": None, "what": None, "gets": False, "undo": None, "channels": (), "choices": "",
        }  # fmt: skip
        return _PAGE.render(
            {
                **nothing,
                "language": self.language,
                "direction": locale_of(self.language).text_direction,
                "style": Markup(_STYLE),  # noqa: S704  (our own file)
                "title": words.title.replace("{brand}", name),
                "brand": name,
                "address": brand.address,
                "website": brand.website if brand.website and is_link(brand.website) else None,
                "words": words,
                **said,
            }
        )
