"""Words of the shop to its customers: one text for all, or one by language."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from engine.settings.literals import Text

#: The words of every language that has none of its own.
_ELSE = ""


def _words(written: Any) -> Any:
    return written if isinstance(written, Mapping) else {_ELSE: written}


#: One text for all, or one by language.
Words = Annotated[
    Mapping[str, Text],
    BeforeValidator(_words),
    WithJsonSchema(
        {
            "type": ["string", "object"],
            "additionalProperties": {"type": "string"},
            "minProperties": 1,
            "title": "text, or texts by language",
            "examples": ["Reply STOP to leave."],
        }
    ),
]


def in_language(words: Mapping[str, str], languages: Iterable[str]) -> str | None:
    """The words in the first of these languages that has some; None where nothing is said."""
    return next((words[one] for one in languages if one in words), words.get(_ELSE))
