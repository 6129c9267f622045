"""The holidays on which the shop is closed: ids of settings/holidays.yaml in `working.closed`."""

from collections.abc import Collection, Mapping, Sequence

from engine.calendars import ANYWHERE, Holiday
from engine.settings import Settings
from engine.source.near import suggest
from engine.workspace.reading import Draft


def closed_on(
    settings: Settings, holidays: Mapping[str, Holiday], broken: Collection[str], drafts: Sequence[Draft]
) -> Settings:
    """The settings with the days of these holidays; an id that leads nowhere is noted in the settings' draft."""
    feasts = []
    for number, name in enumerate(settings.working.closed):
        if name not in settings.working.holidays or name in broken:
            continue
        holiday = holidays.get(name)
        days = holiday.days if holiday is not None else {}
        kept = days.get(settings.working.country or ANYWHERE) or days.get(ANYWHERE)
        if kept is not None:
            feasts.append(kept)
            continue
        draft = next((one for one in drafts if ("working", "closed", number) in one.source.marks), None)
        if draft is not None:
            place = draft.source.place(("working", "closed", number))
            if holiday is None:
                helps = suggest(name, holidays, "there are") or ("declare it in settings/holidays.yaml",)
                draft.add(place, "unknown-holiday", f"there is no holiday `{name}`", *helps)
            else:
                text = f"`{name}` has no day where the shop is"
                known = ", ".join(holiday.countries)
                draft.add(place, "unknown-holiday", text, f"add to `working`  country: …  with one of: {known}")
    return settings.closed_on(tuple(feasts)) if feasts else settings
