"""What a playbook says of lateness, of a ceiling over all its runs, and of people in flight when it is changed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from engine.settings.declared import Declared
from engine.settings.literals import Duration, Name

Late = Literal["skip", "send", "only the latest"]
InFlight = Literal["finish", "move", "cancel"]
Counted = Literal["vouchers", "entries", "messages"]

_COUNTED = {"voucher": "vouchers", "entry": "entries", "message": "messages"}
_QUOTA = r"(?:[1-9]\d{0,8}) (?:vouchers?|entry|entries|messages?)"


@dataclass(frozen=True)
class Quota:
    """`500 vouchers`: what all runs of a playbook may have together."""

    count: int
    what: Counted

    def __str__(self) -> str:
        return f"{self.count} {self.what}"

    @property
    def reached(self) -> str:
        """The reason on record where nothing is left."""
        return f"all {self.count} are given" if self.what == "vouchers" else f"all {self} are reached"


def _quota(text: Any) -> Quota:
    if isinstance(text, Quota):
        return text
    found = re.fullmatch(_QUOTA, str(text))
    if not found:
        raise ValueError(f"`{text}` is not a quota; write for example  500 vouchers")
    count, what = str(text).split(" ")
    plural: Any = _COUNTED.get(what, what)
    return Quota(int(count), plural)


#: `500 vouchers`, `1000 entries`, `200 messages`
AtMost = Annotated[
    Quota,
    BeforeValidator(_quota),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_QUOTA}$", "title": "quota", "examples": ["500 vouchers"]}),
]


class Change(Declared):
    """The keys of a playbook that matter when time or files did not go as planned."""

    late: Late = Field(
        default="skip",
        description="What a message does that comes too late: it is left out, goes all the same, or, of several that are "
        "late together, only the latest goes.",
    )
    max_lateness: Duration | None = Field(
        default=None, description="How late a message may come; `limits.catch_up`, if not said."
    )
    at_most: AtMost | None = Field(
        default=None, description="What all runs together get at most: `500 vouchers`, `1000 entries`, `200 messages`."
    )
    in_flight: InFlight = Field(
        default="finish",
        description="What this version does with people whom an older one began with: they finish that one, move to this "
        "one, or are cancelled.",
    )
    moves: Mapping[Name, Name] = Field(
        default_factory=dict,
        description="With `in_flight: move`: where people stand on whose step is gone, old id to new.",
    )
    renamed_from: Name | None = Field(
        default=None, description="The id that it had before; its people and its past come along."
    )
