"""The few words that the engine itself says in a mail, in the customer's language."""

import json
from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True)
class Phrases:
    """The words of one language."""

    why: str  # why the mail came; `{brand}` is the shop
    unsubscribe: str
    yes: str
    no: str


_ALL = {
    language: Phrases(**words)
    for language, words in json.loads(Path(__file__).with_name("phrases.json").read_text("utf-8")).items()
}
# Hong Kong and Macao write the characters of Taiwan; who says only `zh` most likely reads the simplified ones.
_WRITTEN_LIKE = {"zh": "zh-CN", "zh-Hant": "zh-TW", "zh-HK": "zh-TW", "zh-MO": "zh-TW"}


@lru_cache(maxsize=256)
def phrases(language: str) -> Phrases:
    """The words of a language tag: of itself, else of its language, else English."""
    return _ALL[nearest(language, _ALL)]


def nearest(language: str, known: Container[str]) -> str:
    """The tag among those known that a reader of a language reads best; English, where none is near."""
    pieces = language.split("-")
    for count in range(len(pieces), 0, -1):
        tag = "-".join(pieces[:count])
        if (written := _WRITTEN_LIKE.get(tag, tag)) in known:
            return written
    return "en"
