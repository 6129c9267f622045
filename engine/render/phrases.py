"""The few words that the engine itself says in a mail, in the customer's language."""

import json
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


@lru_cache(maxsize=256)
def phrases(language: str) -> Phrases:
    """The words of a language tag: of itself, else of its language, else English."""
    traditional = {"zh-HK": "zh-TW", "zh-MO": "zh-TW", "zh-Hant": "zh-TW", "zh": "zh-CN", "zh-SG": "zh-CN"}
    short = language.split("-")[0]
    for tag in (language, traditional.get(language, short), traditional.get(short, short)):
        if tag in _ALL:
            return _ALL[tag]
    return _ALL["en"]
