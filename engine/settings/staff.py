"""The shop's own people, as `staff:` of the settings declares them: who they are, who is away, who works together."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from engine.addresses import parse_address
from engine.settings.declared import Count, Declared
from engine.settings.literals import Name, Text

_DAY = r"\d{4}-\d{2}-\d{2}"


@dataclass(frozen=True)
class Stretch:
    """Days from the first to the last, both included."""

    first: date
    last: date

    @classmethod
    def parse(cls, text: Any) -> "Stretch":
        """`2026-12-24..2027-01-02`, or one day. Raises `ValueError` with a sentence for people."""
        if isinstance(text, Stretch):
            return text
        found = re.fullmatch(rf"({_DAY})(?:\.\.({_DAY}))?", str(text))
        try:
            first, last = (
                (date.fromisoformat(one) for one in (found[1], found[2] or found[1])) if found else (None, None)
            )
        except ValueError:
            first = last = None
        if first is None or last is None or last < first:
            raise ValueError(f"`{text}` is no stretch of days; write for example  2026-12-24..2027-01-02")
        return cls(first, last)

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"


#: `2026-12-24..2027-01-02`
Away = Annotated[
    Stretch,
    BeforeValidator(Stretch.parse),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^{_DAY}(?:\.\.{_DAY})?$",
            "title": "stretch of days",
            "examples": ["2026-12-24..2027-01-02"],
        }
    ),
]


#: How much of a team's work one member is dealt, beside the others.
Weight = Annotated[Count, Field(ge=1), WithJsonSchema({"type": "integer", "minimum": 1})]


class Person(Declared):
    """One of the shop's people."""

    name: Text = Field(description="The name, as colleagues and customers know it.")
    email: Text | None = Field(default=None, description="The address for notices and tasks.")
    away: tuple[Away, ...] = Field(default=(), description="Days off: `2026-12-24..2027-01-02`.")

    def is_away(self, day: date) -> bool:
        """Whether that day lies in a stretch of absence."""
        return any(one.first <= day <= one.last for one in self.away)


class Staff(Declared):
    """The people, and the teams with the weight of each member."""

    people: Mapping[Name, Person] = Field(default_factory=dict, description="The people, by a short name.")
    teams: Mapping[Name, Annotated[Mapping[Name, Weight], Field(min_length=1)]] = Field(
        default_factory=dict, description="Teams: who is in them, and with which weight work is dealt out."
    )

    def present(self, team: str, day: date) -> tuple[str, ...]:
        """The members of a team who are not away; all of them where nobody is left."""
        members = tuple(name for name in self.teams.get(team, ()) if name in self.people)
        return tuple(name for name in members if not self.people[name].is_away(day)) or members

    def addresses(self, whom: str, day: date) -> tuple[str, ...]:
        """The mail addresses behind a team, a person (by short or full name) or an address."""
        names = self.present(whom, day) if whom in self.teams else self._named(whom)
        if not names and "@" in whom:
            return (whom,)
        return tuple(address for name in names if (address := self.people[name].email))

    def _named(self, whom: str) -> tuple[str, ...]:
        return tuple(name for name, person in self.people.items() if whom in (name, person.name))[:1]


def is_address(text: str) -> bool:
    """Whether a text is one mail address."""
    try:
        parse_address(text)
    except ValueError:
        return False
    return True
