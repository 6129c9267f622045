"""The events that sources may tell: `sources.X.events` names words of the catalogue."""

from collections.abc import Sequence

from engine.catalogue import Catalogue
from engine.settings import Settings
from engine.source.near import suggest
from engine.workspace.reading import Draft


def check_told(settings: Settings, catalogue: Catalogue, drafts: Sequence[Draft]) -> None:
    """Notes each event that no catalogue has in the settings' draft."""
    for name, source in settings.sources.items():
        for number, event in enumerate(source.events):
            path = ("sources", name, "events", number)
            draft = next((one for one in drafts if path in one.source.marks), None)
            if draft is not None and event not in catalogue.events:
                helps = suggest(event, catalogue.events, "there are") or ("declare it in settings/catalogue.yaml",)
                text = f"there is no event `{event}` in the catalogue"
                draft.add(draft.source.place(path), "unknown-event", text, *helps)
