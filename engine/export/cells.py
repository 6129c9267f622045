"""Values as the page of an export shows them: money with its currency, yes or no, times by the shop's clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.catalogue import Type
from engine.render.values import Money, Tongue

#: The types of values by their names, as far as they are read otherwise than they are kept.
Types = Mapping[str, Type]

_NONE: Final[Types] = MappingProxyType({})


@dataclass(frozen=True)
class Cells:
    """Writes values for people of one shop."""

    zone: ZoneInfo
    currency: str

    def write(self, value: Any, type_: Type | None = None, within: Types = _NONE) -> str:
        """A value of a type; `within` has the types of what it holds. What is not of its type stands as it is."""
        if isinstance(value, Mapping):
            return ", ".join(f"{name}: {self.write(one, within.get(name))}" for name, one in value.items())
        if isinstance(value, (list, tuple)):
            return ", ".join(self.write(one, type_, within) for one in value)
        if isinstance(value, bool) or (type_ is Type.YES_NO and value in (0, 1)):
            return "yes" if value else "no"
        if type_ is Type.MONEY and isinstance(value, (int, float)):
            return Tongue("en", self.zone, self.currency).money(Money(round(value), self.currency))
        if type_ is Type.TIME and isinstance(value, str):
            return self._time(value)
        return "" if value is None else str(value)

    def moment(self, at: datetime) -> str:
        """An instant to the second, on the shop's clock."""
        return f"{at.astimezone(self.zone) if at.tzinfo is not None else at:%Y-%m-%d %H:%M:%S}"

    def _time(self, text: str) -> str:
        try:
            return self.moment(datetime.fromisoformat(text))
        except ValueError:
            return text
