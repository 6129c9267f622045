"""What each type of field is called, and which verbs go with it."""

from collections.abc import Mapping
from typing import Final

from engine.catalogue import Type
from engine.conditions.terms import Mention

#: What each type is called in messages to authors.
KINDS: Final = {
    Type.TEXT: "a text",
    Type.CHOICE: "a choice",
    Type.NUMBER: "a number",
    Type.MONEY: "an amount of money",
    Type.YES_NO: "a yes/no field",
    Type.DATE: "a date",
    Type.TIME: "a time",
    Type.TAGS: "a list of tags",
}
ORDERED: Final = (Type.NUMBER, Type.MONEY)
TEMPORAL: Final = (Type.DATE, Type.TIME)
#: The types on whose fields a verb works, with a literal or a moment.
FITS: Final[Mapping[str, tuple[Type, ...]]] = {
    "is": (Type.TEXT, Type.CHOICE, Type.NUMBER, Type.MONEY, Type.YES_NO),
    "order": ORDERED,
    "moved": TEMPORAL,
    "in": (Type.TEXT, Type.CHOICE, Type.NUMBER, Type.MONEY),
    "contains": (Type.TEXT, Type.TAGS),
}
USE: Final[Mapping[Type, str]] = {
    Type.TEXT: "a text goes with `is`, `in [ ]`, `contains` and `is empty`",
    Type.CHOICE: "a choice goes with `is`, `in [ ]` and `is empty`",
    Type.NUMBER: "a number goes with `is`, `<`, `<=`, `>`, `>=`, `in [ ]` and `is empty`",
    Type.MONEY: "money goes with `is`, `<`, `<=`, `>`, `>=`, `in [ ]` and `is empty`",
    Type.YES_NO: "a yes/no field stands alone, or goes with `is true`, `is false` and `is empty`",
    Type.DATE: "a date goes with `before`, `after` and `is empty`",
    Type.TIME: "a time goes with `before`, `after` and `is empty`",
    Type.TAGS: "tags go with `contains` and `is empty`",
}


def comparable(mention: Mention) -> Type:
    """The type as which a field is compared with another field."""
    return Type.TEXT if mention.field.type is Type.CHOICE else mention.field.type


def stored(mention: Mention) -> tuple[str, bool] | None:
    """How a date or time is kept: as a native value, as text or as a number, in a column or in a document."""
    if mention.field.type not in TEMPORAL:
        return None
    return mention.field.stored, mention.field.column is not None and mention.field.column.member is not None
