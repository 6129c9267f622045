"""settings/holidays.yaml: the ids of holidays with the calendars of their countries, beside those that are built in."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

from engine.calendars import ANYWHERE, Holiday, UnknownDay, read_day
from engine.workspace.reading import Draft, open_file

#: The file of the holidays that every workspace knows.
BUILTIN = files("engine.workspace") / "builtin" / "holidays.yaml"

_Written = Mapping[str, Mapping[str, str]]


@cache
def builtin_texts() -> _Written:
    """The holidays that are built in, as they are written."""
    draft = open_file("holidays.yaml", BUILTIN.read_text(encoding="utf-8"), "holidays")
    if not isinstance(draft, Draft) or not draft.sound:
        raise ValueError("the built-in holidays have mistakes")
    texts: _Written = draft.source.texts()
    return texts


@cache
def builtin_holidays() -> Mapping[str, Holiday]:
    """The holidays that are built in."""
    return {
        id_: Holiday(id_, {country: read_day(country, text, days) for country, text in days.items()})
        for id_, days in builtin_texts().items()
    }


def read_holidays(draft: Draft) -> tuple[Mapping[str, Holiday], frozenset[str]]:
    """The holidays of a workspace, the built-in ones among them, and the ids of those with mistakes.

    A country that the file names for a built-in id takes the place of the built-in one; the others stay.
    """
    found, broken = dict(builtin_holidays()), set()
    for id_ in draft.source.data:
        if draft.is_broken((id_,)) or () in draft.broken:
            broken.add(id_)
            continue
        own: Mapping[str, str] = draft.source.texts((id_,))
        days = {}
        others = {**builtin_texts().get(id_, {}), **own}
        for country, text in own.items():
            try:
                days[country] = read_day(country, text, others)
            except UnknownDay as error:
                draft.add(draft.source.place((id_, country)), "unknown-day", str(error), *error.helps)
                broken.add(id_)
        kept = found[id_].days if id_ in found else {}
        found[id_] = Holiday(id_, {**kept, **days})
    return {id_: one for id_, one in found.items() if id_ not in broken}, frozenset(broken)


def read_moved(draft: Draft, holidays: Mapping[str, Holiday]) -> None:
    """settings/holiday-dates.yaml: notes every day that was written down there and is now another one."""
    for id_, countries in draft.source.texts().items():
        for country, written in countries.items() if id_ in holidays and not draft.is_broken((id_,)) else ():
            kept = holidays[id_].days.get(country)
            for number, text in enumerate(written if kept is not None else ()):
                now = kept.in_year(int(text[:4])) if kept is not None else ()
                if text not in map(str, now):
                    _moved(draft, (id_, country, number), text, now)


def _moved(draft: Draft, path: tuple[str, str, int], was: str, now: tuple[date, ...]) -> None:
    id_, country, _ = path
    name = f"`{id_}`" if country == ANYWHERE else f"`{id_}` of {country}"
    if now:
        text = f"{name} was on {was} when this was written down; now it is on {', '.join(map(str, now))}"
    else:
        text = f"{name} was on {was} when this was written down; now no calendar has it in {was[:4]}"
    helps = (
        "a new version of the calendars, or of settings/holidays.yaml, moved it",
        "where the new day is right, write it down with:  regulars holidays --write",
    )
    draft.add(draft.source.place(path), "holiday-moved", text, *helps)
