"""What branches leave behind together: a result that every one of them keeps under a name exists also after them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from engine.workspace.results import Result


@dataclass(frozen=True)
class Way:
    """One of the ways through a step, of those that go on behind it."""

    results: Mapping[str, Result]  # that exist at its end
    unsure: Mapping[
        str, tuple[str, ...]
    ]  # names that are kept somewhere on it, with why they need not exist at its end
    without: str  # what to tell of it where it keeps nothing under a name


def shared(name: str, ways: Sequence[Way]) -> Result | None:
    """What exists under a name whichever of the ways was gone; None where that is not the same on all of them."""
    found = [way.results[name] for way in ways if name in way.results]
    if len(found) < len(ways) or not _alike(found):
        return None
    # Of vouchers the one without an end stands for all, else the longest: what cannot be with it is told of.
    lasting = max(found, key=lambda one: (one.expires is None, one.expires.approximate if one.expires else None))
    fields = {
        field: replace(one, required=all(each.shown[field].required for each in found if each.clear))
        for field, one in lasting.shown.items()
    }
    return replace(lasting, shown=fields, clear=all(one.clear for one in found), lacks=())


def lacking(name: str, ways: Sequence[Way]) -> tuple[str, ...]:
    """Why a name does not stand for one thing behind all of these ways."""
    lacks = [way.unsure.get(name, (way.without,)) for way in ways if name not in way.results]
    found = [way.results[name] for way in ways if name in way.results]
    if lacks or _alike(found):
        return tuple(chain.from_iterable(lacks))
    other = next(one for one in found if not _alike([found[0], one]))
    lines = f"lines {found[0].line} and {other.line}"
    return (f"{lines} keep different things under this name; give them two names",)


def _alike(found: Sequence[Result]) -> bool:
    """Whether they are of one kind; one that could not be read is like any other."""
    kinds = [{name: replace(one, required=False) for name, one in each.shown.items()} for each in found if each.clear]
    return all(kind == kinds[0] for kind in kinds)
