"""The `expect` of a test: lines that this playbook can do, to customers who are given, or plainly `nothing`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.happened import BESIDE, MESSAGES, UNSENT, WITH_TEXT, WORDS
from engine.rehearse.happening import Reader, known_person
from engine.rehearse.people import texts_at
from engine.rehearse.script import Expected, Person
from engine.rehearse.vocabulary import Vocabulary
from engine.source.near import suggest
from engine.source.yaml import Path
from engine.workspace import Playbook, Workspace
from engine.workspace.reading import Draft


@dataclass(frozen=True)
class Expecting:
    """Reads the expectations of tests."""

    draft: Draft
    workspace: Workspace
    playbook: Playbook
    times: Reader

    def read(self, path: Path, people: Mapping[str, Person]) -> tuple[Expected, ...]:
        """The lines of `expect`; `nothing` is none."""
        lines = self.draft.source.at(path) if path in self.draft.source.marks else "nothing"
        if isinstance(lines, list) and not lines:
            place = self.draft.source.key_place(path)
            self.draft.add(place, "empty", "an empty list expects nothing by accident", "write:  expect: nothing")
        if not isinstance(lines, list):
            return ()
        vocabulary = Vocabulary.of(self.playbook)
        found = (self._one((*path, number), people, vocabulary) for number in range(len(lines)))
        return tuple(one for one in found if one is not None)

    def _one(self, path: Path, people: Mapping[str, Person], vocabulary: Vocabulary) -> Expected | None:
        if self.draft.is_broken(path):
            return None
        texts = self.draft.source.texts(path)
        person = known_person(self.draft, (*path, "customer"), people)
        at = self.times.read((*path, "at"), person)
        word = self._word(path, texts)
        if word is None or person is None or at is None:
            return None
        value = texts[word] or ""
        message = next((texts[one] for one in MESSAGES if one in texts), None) if word in UNSENT else None
        for problem in self._slips(word, value, message, texts, vocabulary):
            key, rule, text, helps = problem
            self.draft.add(self.draft.source.place((*path, key)), rule, text, *helps)
        return Expected(
            int(path[-1]),
            at,
            person.id,
            word,
            value,
            message,
            texts.get("language"),
            texts.get("subject"),
            texts.get("for") or texts.get("to"),
            texts_at(self.draft.source, (*path, "says")),
            texts_at(self.draft.source, (*path, "never_says")),
        )

    def _word(self, path: Path, texts: Mapping[str, Any]) -> str | None:
        words = sorted((word for word in WORDS if word in texts), key=lambda word: WORDS[word].outside)
        if words and words[0] in UNSENT:
            words = [word for word in words if word not in MESSAGES]
        if not words:
            known = f"expectations: {', '.join(sorted(WORDS, key=lambda word: not WORDS[word].outside))}"
            self.draft.add(self.draft.source.place(path), "no-word", "this line expects nothing in particular", known)
            return None
        if len(words) > 1:
            place = self.draft.source.key_place((*path, words[1]))
            text = f"one line cannot expect both `{words[0]}` and `{words[1]}`"
            self.draft.add(place, "two-words", text, "write two lines")
            return None
        return words[0]

    def _slips(
        self, word: str, value: str, message: str | None, texts: Mapping[str, Any], vocabulary: Vocabulary
    ) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
        """Names that can never be met, and keys that say nothing beside this word."""
        missing = vocabulary.missing(word, value)
        if missing is not None:
            yield word, f"unknown-{word}", missing, suggest(value, vocabulary.values[word], "it knows")
        if message is not None:
            channel = next(one for one in MESSAGES if one in texts)
            if (unknown := vocabulary.missing(channel, message)) is not None:
                yield channel, f"unknown-{channel}", unknown, suggest(message, vocabulary.values[channel], "it knows")
        beside = (*WORDS[word].beside, *(WITH_TEXT if word in MESSAGES else ()))
        for key in dict.fromkeys((*WITH_TEXT, *BESIDE)):
            if key in texts and key not in beside:
                yield key, "unknown-key", f"`{word}` has no `{key}`", ()
        language = texts.get("language")
        known = self.workspace.messages.get(value, {})
        if word in MESSAGES and missing is None and language is not None and language not in known:
            text = f"there is no text of `{value}` in `{language}`"
            yield "language", "unknown-language", text, suggest(language, known, "there are")
