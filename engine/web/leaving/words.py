"""The words of the pages, in every language in which the engine has any."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.render import nearest


@dataclass(frozen=True)
class Words:
    """The words of one language; `{brand}` is the shop."""

    title: str
    ask: str  # whether he wants to leave what the link stands for
    stop: str
    left_already: str
    choose: str
    receives: str
    save: str
    leave_all: str
    left: str
    saved: str
    undo: str
    undone: str
    change: str
    everything: str  # what a shop without topics sends
    everything_else: str
    orders: str
    email: str
    sms: str
    chat: str
    lost: str
    lost_help: str
    busy: str
    busy_help: str
    away: str
    away_help: str

    def by(self, channel: str) -> str:
        """The name of a channel."""
        return {"email": self.email, "sms": self.sms, "chat": self.chat}.get(channel, channel)


WORDS = {
    language: Words(**words)
    for language, words in json.loads(Path(__file__).with_name("words.json").read_text("utf-8")).items()
}


def spoken(chain: Sequence[str], languages: Sequence[str]) -> str:
    """The shop's language for a reader: the first of his chain that the shop speaks."""
    return next((one for one in chain if one in languages), languages[0])


def words_of(language: str) -> Words:
    """The words of a language tag: of itself, else of its language, else English."""
    return WORDS[nearest(language, WORDS)]


def asked_for(accept: str, languages: Sequence[str]) -> str:
    """The shop's language for a stranger, of whom only the browser's Accept-Language is known."""
    wanted: list[tuple[float, str]] = []
    for piece in accept[:500].split(","):
        tag, _, weight = piece.replace(" ", "").partition(";q=")
        try:
            wanted.append((-float(weight or 1), tag))
        except ValueError:
            continue
    known = {one.lower(): one for one in reversed(languages)}
    known |= {one.lower().split("-")[0]: one for one in reversed(languages)} | known
    for _, tag in sorted(wanted, key=lambda one: one[0]):
        found = known.get(tag.lower()) or known.get(tag.lower().split("-")[0])
        if found:
            return found
    return languages[0]
