"""Words of the shop by language: each stands under a language, and none of the shop's languages is without."""

from engine.render import is_language
from engine.settings import Settings
from engine.source.marks import Path
from engine.workspace.reading import Draft


def check_words(draft: Draft, settings: Settings, at: Path, without: str) -> None:
    """Notes what is wrong with the words at `at`; `without` says of `{languages}` that lack them what becomes of it."""
    words = {str(path[-1]) for path in draft.source.marks if path[:-1] == at}  # none where one text is for all
    for name in sorted(words):
        if not is_language(name):
            place = draft.source.key_place((*at, name))
            draft.add(place, "not-a-language", f"`{name}` is not a language", "write for example  en  or  zh-CN")
    read = {one: {one, settings.fallback.get(one, one), one.split("-")[0]} for one in settings.languages}
    lacking = [one for one in settings.languages if words and not words & read[one]]
    if lacking:
        advice = f"add a line:  {lacking[0]}: …" + ("  (and for the others)" if len(lacking) > 1 else "")
        text = without.format(languages=", ".join(lacking))
        draft.warn(draft.source.key_place(at), "missing-translation", text, advice)
