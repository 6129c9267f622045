"""Texts: every language has each message, and a message mentions only what exists at the step that sends it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.catalogue import Field
from engine.catalogue.origin import EVENTS
from engine.render import Message, elements, variables
from engine.sends import Saying
from engine.source.near import suggest
from engine.source.problem import Place, Problem
from engine.workspace.results import scopes
from engine.workspace.subject import Subject

#: What texts may say of the shop: `brand.name`.
BRAND = ("name", "address", "website")


def texts(subject: Subject) -> None:
    """Notes missing translations and unknown variables."""
    noted: set[tuple[Place, str]] = set()
    for placed, name in subject.mails:
        versions = subject.known.messages.get(name, {})
        place = subject.draft.source.place(placed.key)
        ways = subject.ways_of(placed.action, name)
        action = placed.action
        to_staff = action is not None and (bool(action.notices()) or (isinstance(action, Saying) and action.to_staff))
        if name not in subject.known.broken_messages and not to_staff:
            _all_translations(subject, place, name, ways, versions)
        told = action.notice_words() if action is not None else {}
        words = _words(subject, {**scopes(placed.results), **told})
        lists = {f"customer.{key}": set(one.fields) for key, one in subject.known.catalogue.recommendations.items()}
        unclear = {one for one, result in placed.results.items() if not result.clear} | subject.room.unclear
        note = f"used by {place.file}:{place.line} ({placed.verb}: {name})"
        for message in versions.values():
            for problem in (*_unknown(message, ways, words, unclear), *_unknown_members(message, ways, lists)):
                if (problem.place, problem.text) not in noted:
                    noted.add((problem.place, problem.text))
                    subject.draft.problems.append(replace(problem, notes=(note,)))


def _all_translations(
    subject: Subject, place: Place, name: str, ways: Sequence[str], versions: Mapping[str, Message]
) -> None:
    before = len(subject.draft.problems)
    for way in ways:
        _translations(subject, place, name, way, versions)
    new = subject.draft.problems[before:]
    subject.draft.problems[before:] = [
        one for number, one in enumerate(new) if one not in (*new[:number], *subject.draft.problems[:before])
    ]


def _translations(subject: Subject, place: Place, name: str, way: str, versions: Mapping[str, Message]) -> None:
    """Languages of the shop in which a message cannot be read by a channel; that there is no file at all is said once."""
    settings = subject.known.settings
    speaking = {one: text for one, text in versions.items() if text.speaks(way)}
    if not speaking:
        return
    lacking = [one for one in settings.languages if not _reads(one, speaking, settings.fallback)]
    silent = [one for one in lacking if one in versions]
    lacking = [one for one in lacking if one not in versions]
    if lacking:
        text = f"the shop speaks {', '.join(lacking)}, but messages/{name} has only {', '.join(sorted(versions))}"
        first = lacking[0]
        kin = sorted(versions, key=lambda one: (one.split("-")[0] != first.split("-")[0], one))[0]
        advice = f"add messages/{name}/{first}.md, or set `fallback: {{{first}: {kin}}}` in settings/regulars.yaml"
        subject.draft.warn(place, "missing-translation", text, advice)
    if silent:
        text = f"messages/{name} has words for {way} in {', '.join(sorted(speaking))}, but not in {', '.join(silent)}"
        key = way if way in ("sms", "chat") else "subject"
        advice = f"add a line  {key}: …  to the front matter of messages/{name}/{silent[0]}.md"
        subject.draft.warn(place, "missing-translation", text, advice)


def _reads(language: str, versions: Mapping[str, Message], fallback: Mapping[str, str]) -> bool:
    """Whether a customer of that language gets it, or one that the shop has chosen in its place."""
    return any(one in versions for one in (language, fallback.get(language), language.split("-")[0]) if one)


def _words(subject: Subject, results: Mapping[str, Mapping[str, Field]]) -> dict[str, set[str]]:
    known = {scope: set(fields) for scope, fields in {**subject.room.scope, **results}.items()}
    if subject.room.origin.collects:
        known[EVENTS] = {"", "count"}
    known["customer"] = known.get("customer", set()) | set(subject.known.catalogue.recommendations)
    return {**known, "brand": set(BRAND)}


def _unknown(
    message: Message, ways: Sequence[str], words: Mapping[str, set[str]], unclear: frozenset[str] | set[str]
) -> list[Problem]:
    found = []
    for variable in dict.fromkeys(one for way in ways for one in variables(message, way)):
        scope, _, field = variable.name.partition(".")
        if scope in unclear or field in words.get(scope, ()):
            continue
        place = Place(message.file, variable.line, variable.column, variable.width)
        found.append(_scope(place, scope, words) if scope not in words else _field(place, scope, field, words[scope]))
    return found


def _unknown_members(message: Message, ways: Sequence[str], lists: Mapping[str, set[str]]) -> list[Problem]:
    """Members of the elements of a known list: `product.title`, in a loop over `customer.recommended`."""
    found = []
    for one in dict.fromkeys(one for way in ways for one in elements(message, way)):
        element, _, member = one.name.partition(".")
        if one.of in lists and member not in lists[one.of]:
            place = Place(message.file, one.line, one.column, one.width)
            found.append(_field(place, element, member, lists[one.of]))
    return found


def _scope(place: Place, scope: str, words: Mapping[str, set[str]]) -> Problem:
    narrowed = Place(place.file, place.line, place.column, len(scope))
    return Problem(
        narrowed, "unknown-variable", f"there is no `{scope}` at this step", suggest(scope, words, "there are")
    )


def _field(place: Place, scope: str, field: str, known: set[str]) -> Problem:
    if not field:
        text = f"`{scope}` alone is no text"
        return Problem(place, "unknown-variable", text, (f"write for example  {scope}.{min(known)}",) if known else ())
    after = len(scope) + 1
    narrowed = Place(place.file, place.line, place.column + after, max(1, place.width - after))
    helps = suggest(f"{scope}.{field}", [f"{scope}.{one}" for one in known], "there are")
    return Problem(narrowed, "unknown-variable", f"`{scope}` has no `{field}`", helps)
