"""What surrounds the playbooks: settings, vouchers, segments and messages, each file read by itself."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from babel.numbers import list_currencies
from email_validator import EmailNotValidError, validate_email

from engine.catalogue import Catalogue
from engine.conditions import Tree, segments_in
from engine.render import Message, is_language, parse_message
from engine.render.check import check as check_message
from engine.render.doubtful import doubts_of_mail
from engine.render.sms import doubts
from engine.settings import Settings, Voucher
from engine.source.problem import Problem
from engine.workspace.channels import check_channels
from engine.workspace.check.certain import never_held
from engine.workspace.conditions import Reading
from engine.workspace.forms import SegmentForm
from engine.workspace.mail import check_mail
from engine.workspace.people import check_people
from engine.workspace.reading import Draft, open_file
from engine.workspace.words import check_words

_MAILBOX = re.compile(r"(?:[^<>]*<([^<>]+)>|([^<>]+))")


@dataclass
class Found:
    """Problems of several files, and the values of the sound ones."""

    problems: list[Problem] = field(default_factory=list)

    def opened(self, file: str, text: str | bytes, kind: str) -> Draft | None:
        """The draft of a file; None where YAML itself cannot be read."""
        draft = open_file(file, text, kind)
        if isinstance(draft, list):
            self.problems.extend(draft)
            return None
        return draft


def read_settings(draft: Draft) -> Settings | None:
    """settings/regulars.yaml; None where it has mistakes, which the draft notes."""
    settings = draft.read(Settings, (), draft.source.texts())
    if settings is None:
        return None
    if settings.currency not in list_currencies():
        place = draft.source.place(("currency",))
        draft.add(
            place, "value", f"`{settings.currency}` is not a currency", "write its ISO 4217 code, for example  EUR"
        )
    if settings.channels.email is not None:
        for key, written in (("from", settings.channels.email.sender), ("reply_to", settings.channels.email.reply_to)):
            if written is not None and not _is_mailbox(written):
                place = draft.source.place(("channels", "email", key))
                text = f"`{written}` is not one address"
                draft.add(place, "value", text, "write for example  Fine Shop <hello@shop.example>")
        check_mail(draft, settings.channels.email)
    for key in ("languages", "fallback"):
        _languages(draft, key)
    check_channels(draft, settings)
    for topic in settings.topics:
        without = f"whoever reads {{languages}} sees the topic `{topic}` under its title in another language"
        check_words(draft, settings, ("topics", topic, "title"), without)
    check_people(draft, settings)
    return settings if draft.sound else None


def _languages(draft: Draft, key: str) -> None:
    """Names of languages, in a list or on both sides of a mapping."""
    written = draft.source.texts().get(key, ())
    names = [((key, number), name, False) for number, name in enumerate(written)]
    if isinstance(written, dict):
        names = [((key, name), name, True) for name in written] + [
            ((key, name), written[name], False) for name in written
        ]
    for path, name, is_key in names:
        if not is_language(str(name)):
            place = draft.source.key_place(path) if is_key else draft.source.place(path)
            draft.add(place, "not-a-language", f"`{name}` is not a language", "write for example  en  or  zh-CN")


def _is_mailbox(written: str) -> bool:
    found = _MAILBOX.fullmatch(written)
    try:
        validate_email(
            (found[1] or found[2]).strip() if found else "", check_deliverability=False, test_environment=True
        )
    except EmailNotValidError:
        return False
    return "\n" not in written


def read_vouchers(draft: Draft) -> tuple[dict[str, Voucher], frozenset[str]]:
    """settings/vouchers.yaml: the sound kinds, and the names of those with mistakes."""
    found: dict[str, Voucher] = {}
    for name, texts in draft.source.texts().items():
        voucher = None if draft.is_broken((name,)) or () in draft.broken else draft.read(Voucher, (name,), texts)
        if voucher is not None and _is_worth_something(draft, name, voucher):
            found[name] = voucher
    return found, frozenset(draft.source.data) - frozenset(found)


def _is_worth_something(draft: Draft, name: str, voucher: Voucher) -> bool:
    before = len(draft.problems)
    if voucher.value is not None and voucher.share is not None:
        place = draft.source.key_place((name, "share"))
        draft.add(place, "two-words", "a voucher is worth a `value` or a `share`, not both", "keep one of them")
    for key, amount in (("value", voucher.value), ("from", voucher.minimum), ("budget", voucher.budget)):
        if amount is not None and not _is_amount(amount):
            place = draft.source.place((name, key))
            draft.add(place, "value", f"`{amount}` is not an amount", "write for example  30  or  12.50")
    if voucher.share == 0:
        place = draft.source.place((name, "share"))
        draft.add(place, "value", "a share of 0% is worth nothing", "write for example  10%")
    if _is_more(voucher.value, voucher.budget):
        place = draft.source.place((name, "budget"))
        text = f"a budget of {voucher.budget} does not suffice for one voucher of {voucher.value}"
        draft.add(place, "budget", text, f"write at least  {voucher.value}")
    _has_codes(draft, name, voucher)
    if voucher.budget is not None and voucher.value is None:
        place = draft.source.key_place((name, "budget"))
        text = "only money adds up to a budget: this voucher has no `value`"
        draft.add(place, "budget", text, "limit its number instead:  at_most: 500")
    return len(draft.problems) == before


def _has_codes(draft: Draft, name: str, voucher: Voucher) -> None:
    if voucher.pool is not None and "code" in draft.source.texts((name,)):
        place = draft.source.key_place((name, "code"))
        draft.add(
            place, "two-words", "the codes come from a `pool` or from a `code`, not from both", "keep one of them"
        )
    elif "{random}" not in voucher.code:
        place = draft.source.place((name, "code"))
        text, help_ = "a code without `{random}` is the same for everyone", f"write  {voucher.code}-{{random}}"
        draft.add(place, "value", text, help_)


def _is_more(amount: str | None, than: str | None) -> bool:
    """Whether both are amounts, and the first is the larger one."""
    if amount is None or than is None or not _is_amount(amount) or not _is_amount(than):
        return False
    return Decimal(amount) > Decimal(than)


def _is_amount(text: str) -> bool:
    try:
        return re.fullmatch(r"\d{1,12}(\.\d{1,3})?", text) is not None and Decimal(text) > 0
    except InvalidOperation:
        return False


@dataclass
class Segments:
    """The segments of a workspace: each is read by itself, and may stand in another, but never in itself."""

    drafts: dict[str, Draft] = field(default_factory=dict)
    trees: dict[str, Tree] = field(default_factory=dict)

    def add(self, draft: Draft) -> None:
        """Takes a segment's file; an id that stands in two files is a mistake of the second."""
        mark = draft.source.marks.get(("segment",))
        name = mark.raw if mark is not None else None
        if not name:
            return
        if name in self.drafts:
            second = (self.drafts[name].source.place(("segment",)), "first written here")
            text = f"two files declare the segment `{name}`"
            draft.add(
                draft.source.place(("segment",)), "duplicate-id", text, "give one of them another id", second=second
            )
            return
        self.drafts[name] = draft

    def read(self, catalogue: Catalogue, currency: str) -> None:
        """Reads the conditions of all, and leaves out those that lead back to themselves or to one with mistakes."""
        for name, draft in self.drafts.items():
            reading = Reading({"customer": catalogue.fields}, {}, self.drafts.keys(), currency)
            form = None if draft.broken else draft.read(SegmentForm, (), draft.source.texts(), reading)
            if form is not None:
                never_held(draft, ("match",), form.match, "nobody is ever in this segment")
            if form is not None and draft.sound:
                self.trees[name] = form.match
        for name in sorted(self.trees):
            self._circle(name)
        self.trees = {name: tree for name, tree in self.trees.items() if self.drafts[name].sound}
        while lost := [name for name, tree in self.trees.items() if not segments_in(tree) <= self.trees.keys()]:
            for name in lost:
                del self.trees[name]

    def _circle(self, name: str) -> None:
        way = self._way_back(name, (name,))
        if way is not None and name == min(way):
            draft = self.drafts[name]
            text = f"the segment `{name}` leads back to itself: {' -> '.join(way)}"
            draft.add(draft.source.key_place(("match",)), "circle", text, "take one of them out of the other")

    def _way_back(self, name: str, way: tuple[str, ...]) -> tuple[str, ...] | None:
        for following in sorted(segments_in(self.trees[way[-1]]) if way[-1] in self.trees else ()):
            if following == name:
                return (*way, name)
            found = self._way_back(name, (*way, following)) if following not in way else None
            if found is not None:
                return found
        return None

    @property
    def broken(self) -> frozenset[str]:
        """The names of those that cannot be used."""
        return frozenset(self.drafts) - frozenset(self.trees)


def _doubts(message: Message) -> list[Problem]:
    return [*doubts_of_mail(message), *doubts(message)]


@dataclass
class Messages:
    """The messages of a workspace, by id and language."""

    by_id: dict[str, dict[str, Message]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def read(self, files: Iterable[tuple[str, str, str | bytes]]) -> None:
        """Reads message files: (name within the workspace, name to show, text)."""
        for name, file, text in files:
            message = parse_message(file, text)
            found = message if isinstance(message, list) else check_message(message)
            self.problems.extend(found or (_doubts(message) if isinstance(message, Message) else ()))
            id_ = name.split("/")[-2]
            if isinstance(message, Message) and not found:
                self.by_id.setdefault(id_, {})[message.language] = message
                self.texts.setdefault(id_, {})[name] = text if isinstance(text, str) else text.decode("utf-8-sig")
            else:
                self.broken.add(id_)
