"""The beginning: what `when:` names must exist, and its keys must go together."""

from datetime import timedelta

from engine.calendars import ANYWHERE
from engine.catalogue import Event, Field, Type
from engine.clocks.times import Length, parse_cron
from engine.source.near import near, suggest
from engine.triggers.anniversary import Anniversary
from engine.triggers.cron import Cron
from engine.triggers.date import DateTrigger
from engine.triggers.event import EventTrigger
from engine.triggers.holiday import HolidayTrigger
from engine.workspace.check.moments import KINDS
from engine.workspace.subject import Subject

#: From one day of a feast or an anniversary to the next, about: those of the moon come eleven days earlier.
_YEAR = timedelta(days=354)

#: Dates of the built-in store that are known only once they have been.
_PAST = ("birthday", "redeemed_at", "issued_at", "made_at")


def beginning(subject: Subject) -> None:
    """Notes what is wrong with the trigger beyond its form."""
    trigger = subject.trigger
    if isinstance(trigger, DateTrigger | Anniversary | HolidayTrigger):
        _one_side(subject, both=trigger.lead is not None and trigger.lag is not None)
    if isinstance(trigger, HolidayTrigger):
        _of_a_day(subject, trigger)
        _holiday(subject, trigger)
    elif isinstance(trigger, DateTrigger):
        _date(subject, "date", trigger.date, (Type.DATE, Type.TIME))
        _ahead(subject, trigger)
        _hours(subject, trigger)
    elif isinstance(trigger, Anniversary):
        _of_a_day(subject, trigger)
        _date(subject, "anniversary", trigger.anniversary, (Type.DATE,))
    elif isinstance(trigger, Cron):
        _cron(subject, trigger)
    elif isinstance(trigger, EventTrigger):
        _event(subject, trigger)


def _of_a_day(subject: Subject, trigger: HolidayTrigger | Anniversary) -> None:
    """A day that comes once a year has no hours, and the notice of the next one would come before this one."""
    side = "lead" if trigger.lead else "lag"
    notice: Length | None = getattr(trigger, side)
    if notice is None:
        return
    place = subject.draft.source.place(("when", side))
    if notice.unit in ("hour", "minute"):
        text = f"`{trigger.word}` is a day, which has no hours"
        subject.draft.add(place, "type", text, f"write days and an hour:  {side}: 1 day  and  at: 10:00")
    elif notice.approximate >= _YEAR:
        text = f"a {side} of {notice} is longer than the time from one of these days to the next"
        subject.draft.add(place, "value", text, f"write for example  {side}: 7 days")


def _one_side(subject: Subject, *, both: bool) -> None:
    if both:
        place = subject.draft.source.key_place(("when", "lag"))
        subject.draft.add(place, "two-words", "`lead` and `lag` cannot both be", "keep one of them")


def _cron(subject: Subject, trigger: Cron) -> None:
    try:
        parse_cron(trigger.cron)
    except ValueError as error:
        text, _, advice = str(error).partition("; ")
        subject.draft.add(subject.draft.source.place(("when", "cron")), "cron", text, *([advice] if advice else []))


def _date(subject: Subject, word: str, written: str, kinds: tuple[Type, ...]) -> None:
    """A field of the customer, or of a record where the trigger may speak of one, kept in a column, of one of those types."""
    catalogue = subject.known.catalogue
    scopes = {"customer": catalogue.fields}
    if word == "date":
        scopes |= {name: record.fields for name, record in catalogue.records.items()}
    scope, _, name = written.partition(".")
    found = scopes.get(scope, {}).get(name)
    place = subject.draft.source.place(("when", word))
    right = [
        f"{one}.{field.name}" for one, fields in scopes.items() for field in fields.values() if _fits(field, kinds)
    ]
    if found is None:
        subject.draft.add(place, "unknown-field", f"unknown field `{written}`", *suggest(written, right, "there are"))
    elif not _fits(found, kinds):
        wanted = " or ".join(KINDS[kind] for kind in kinds)
        text = f"`{written}` is {KINDS[found.type]}; {wanted} is needed here"
        subject.draft.add(place, "type", text, f"there are: {', '.join(sorted(right))}")


def _fits(field: Field, kinds: tuple[Type, ...]) -> bool:
    return field.type in kinds and field.column is not None


def _ahead(subject: Subject, trigger: DateTrigger) -> None:
    """A lead before what has always been already: the year of a birthday is that of the birth."""
    name = trigger.date.partition(".")[2]
    if trigger.lead is None or name not in _PAST:
        return
    yearly = trigger.origin.record is None and name == "birthday"
    helps = f"did you mean `anniversary: {trigger.date}`?" if yearly else f"did you mean `lag: {trigger.lead}`?"
    text = f"`{trigger.date}` is never ahead, so there is no day that comes before it"
    subject.draft.warn(subject.draft.source.place(("when", "date")), "always-past", text, helps)


def _hours(subject: Subject, trigger: DateTrigger) -> None:
    """Hours are counted from a time, and then there is no hour of the day; a `where` is about records."""
    draft, notice = subject.draft, trigger.notice
    if trigger.where is not None and trigger.origin.record is None:
        place = draft.source.key_place(("when", "where"))
        draft.add(place, "unknown-key", "`where` chooses among records; this is a date of the customer", "use `if:`")
    if notice is None or notice.unit not in ("hour", "minute"):
        return
    side = "lead" if trigger.lead else "lag"
    path = ("when", side)
    try:
        known = trigger.known(subject.known.catalogue)
    except KeyError:
        return  # told above
    if known.type is Type.DATE:
        text = f"`{trigger.date}` is a day, which has no hours"
        draft.add(draft.source.place(path), "type", text, f"write days and an hour:  {side}: 1 day  and  at: 10:00")
    elif "at" in trigger.model_fields_set:
        second = (draft.source.place(path), "counted from the time itself")
        text = f"a {side} of {notice} leaves no room for an hour of the day"
        draft.add(draft.source.key_place(("when", "at")), "two-words", text, "keep one of them", second=second)


def _event(subject: Subject, trigger: EventTrigger) -> None:
    draft, catalogue = subject.draft, subject.known.catalogue
    event = catalogue.events.get(trigger.event)
    both = [word for word in ("each", "collect", "meets") if getattr(trigger, word) is not None]
    if len(both) > 1:
        place = draft.source.key_place(("when", both[1]))
        draft.add(place, "two-words", f"`{both[0]}` and `{both[1]}` cannot both be", "keep one of them")
    if event is None:
        return
    if trigger.each is not None:
        _each(subject, trigger.each, event)
    if trigger.meets is not None:
        _meets(subject, trigger.meets, event)
    elif event.about == "product":
        text = f"`{event.name}` happens to a product, and it is not said whom that concerns"
        helps = [f"meet it with a personal list:  meets: {name}" for name in sorted(catalogue.lists)]
        draft.add(draft.source.place(("when", "event")), "missing-key", text, *helps)
    if trigger.collect is not None and trigger.collect.at_most.approximate < trigger.collect.quiet.approximate:
        text = "`at_most` is shorter than `for`, so no second event could ever join"
        draft.add(draft.source.place(("when", "collect", "at_most")), "value", text, "choose a longer `at_most`")


def _each(subject: Subject, written: str, event: Event) -> None:
    scope, _, name = written.partition(".")
    if scope == "event" and name in event.lists:
        return
    lists = [f"event.{one}" for one in event.lists]
    helps = suggest(written, lists, "it has") or ("declare it in settings/catalogue.yaml, under `lists` of the event",)
    place = subject.draft.source.place(("when", "each"))
    subject.draft.add(place, "unknown-list", f"`{event.name}` has no list `{written}`", *helps)


def _meets(subject: Subject, name: str, event: Event) -> None:
    lists = subject.known.catalogue.lists
    place = subject.draft.source.place(("when", "meets"))
    if name not in lists:
        helps = suggest(name, lists, "there are") or ("declare it in settings/catalogue.yaml, under `lists`",)
        subject.draft.add(place, "unknown-list", f"there is no personal list `{name}`", *helps)
    elif event.about != "product":
        text = f"`{event.name}` happens to a customer already; a list is met with what happens to a product"
        subject.draft.add(place, "two-words", text, "leave `meets` out")


def _holiday(subject: Subject, trigger: HolidayTrigger) -> None:
    known, name = subject.known, trigger.holiday
    if name in known.holidays or name in known.broken_holidays:
        return
    place = subject.draft.source.place(("when", "holiday"))
    meant = near(name, known.holidays) or _of_other_word(name)
    there = ", ".join(sorted(known.holidays))
    help_ = f"did you mean `{meant}`?  (there are {there})" if meant in known.holidays else f"there are: {there}"
    new = f"or declare it in settings/holidays.yaml:  {name}: {{{ANYWHERE}: 12-25}}"
    subject.draft.add(place, "unknown-holiday", f"unknown holiday `{name}`", help_, new)


#: What people call a holiday whose id is another.
_OTHER_WORDS = {
    "chinese-new-year": "lunar-new-year",
    "spring-festival": "lunar-new-year",
    "seollal": "lunar-new-year",
    "tet": "lunar-new-year",
    "moon-festival": "mid-autumn",
    "xmas": "christmas",
    "new-years-day": "new-year",
    "valentine": "valentines-day",
    "russian-christmas": "orthodox-christmas",
    "qingming": "tomb-sweeping",
    "ramadan": "eid-al-fitr",
}


def _of_other_word(name: str) -> str | None:
    return _OTHER_WORDS.get(name)
